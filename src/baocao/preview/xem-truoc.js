// Shows what the server tells: the newest page in a frame that keeps its place, and beside it state and findings.
'use strict';
(function () {
  const byId = (id) => document.getElementById(id);
  const main = byId('bao-cao');
  const root = document.documentElement;
  let shown = 0; // number of the page in the frame
  let frame = null;
  let told = null;

  const news = new EventSource('tin');
  news.addEventListener('message', (event) => { told = JSON.parse(event.data); show(told); });
  news.addEventListener('error', lost);

  function lost() {
    root.classList.add('cu');
    root.classList.remove('dang-lam');
    say(byId('trang-thai'), 'Mất liên lạc: lệnh baocao preview đã dừng, trang này không còn được làm mới.');
    byId('pdf').hidden = true;
  }

  function show(now) {
    if (now.page && now.page !== shown) load(now.page);
    // “Up to date” is said when the page is there to be seen, not before.
    else state(now);
    problems(now.problems);
    findings(now);
    reruns(now);
  }

  function state(now) {
    root.classList.toggle('cu', now.old);
    root.classList.toggle('dang-lam', now.busy);
    say(byId('trang-thai'), now.state);
    byId('pdf').hidden = !now.pdf;
    say(byId('pdf'), now.pdf);
    byId('chua-co').hidden = now.page > 0;
  }

  // The next page loads behind the one that is read, and takes its place where that was being read.
  function load(page) {
    shown = page;
    const next = document.createElement('iframe');
    next.title = 'Báo cáo';
    next.className = 'sau';
    next.addEventListener('load', () => {
      if (page !== shown) { next.remove(); return; }
      const before = frame;
      if (before) {
        const from = before.contentWindow;
        const focused = document.activeElement === before;
        next.contentWindow.scrollTo({ left: from.scrollX, top: from.scrollY, behavior: 'instant' });
        next.classList.remove('sau');
        before.remove();
        if (focused) next.focus();
      } else {
        next.classList.remove('sau');
      }
      frame = next;
      state(told);
    });
    next.src = 'bao-cao/' + page;
    main.append(next);
  }

  function say(element, text) {
    // A text that is set anew is read out anew.
    if (element.textContent !== text) element.textContent = text;
  }

  function make(name, className, text) {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  function about(item, lead) {
    const entry = make('li');
    const what = make('span', 'viec');
    what.append(...lead, item.what);
    entry.append(what);
    for (const [label, text] of [['Tại: ', item.where], ['Cần có: ', item.expected], ['Cách xử lý: ', item.remedy],
      ['Đã xác nhận: ', item.acknowledged], ['Mã phát hiện: ', item.id]]) {
      if (text) entry.append(make('span', 'them', label + text));
    }
    return entry;
  }

  function problems(list) {
    byId('van-de').hidden = !list.length;
    byId('van-de').querySelector('ol').replaceChildren(...list.map((item) => about(item, [])));
  }

  function findings(now) {
    say(byId('so-phat-hien'), now.findings);
    const place = byId('phat-hien').querySelector('div');
    const folded = new Map([...place.children].map((each) => [each.dataset.ten, each.open]));
    place.replaceChildren(...now.departments.map((department) => {
      const group = make('details');
      group.dataset.ten = department.name;
      const heavy = department.findings.some((item) => item.kind !== 'luu-y');
      group.open = folded.has(department.name) ? folded.get(department.name) : heavy;
      const summary = make('summary');
      summary.append(make('b', '', department.name), make('span', '', department.counts));
      const list = make('ol');
      list.append(...department.findings.map((item) => {
        const entry = about(item, [make('span', 'muc', '[' + item.severity + '] ')]);
        entry.className = item.kind;
        return entry;
      }));
      group.append(summary, list);
      return group;
    }));
  }

  function reruns(now) {
    const section = byId('chay-lai');
    say(section.querySelector('p'), now.effort);
    section.querySelector('ul').replaceChildren(
      ...now.reruns.map((item) => make('li', '', item.section + ': ' + item.why)));
  }
})();
