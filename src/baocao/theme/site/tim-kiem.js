// Search over all months. Letters are compared without case and diacritics, one by one, so that places in the compared
// text are places in the text that is shown.
'use strict';
(function () {
  const SHOWN = 4; // sections of a month before the fold
  const AROUND = 90; // letters of text around the first place
  const status = document.getElementById('trang-thai');
  const results = document.getElementById('ket-qua');
  const box = document.getElementById('tim-nhanh');
  const months = [...document.querySelectorAll('#cac-chi-muc [data-tep]')].map((item) => item.dataset);
  const LETTER = /[\p{L}\p{N}]/u;
  let loaded;

  function fold(text) {
    return [...text.normalize('NFC')].map((letter) => {
      const plain = letter.toLowerCase().replace('đ', 'd').normalize('NFD').replace(/\p{M}/gu, '');
      return plain.length === letter.length ? plain : letter;
    }).join('');
  }

  function read(month) {
    return fetch(month.tep).then((answer) => {
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    }).then((index) => index.muc.map(([anchor, title, text]) => ({
      anchor, title, text, head: fold(title), body: fold(text),
    })));
  }

  // Places where a word of the text begins with `words`.
  function places(text, words) {
    const found = [];
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
      if (at === 0 || !LETTER.test(text[at - 1])) found.push(at);
    }
    return found;
  }

  function match(section, words) {
    const hits = words.map((word) => ({
      word, head: places(section.head, word), body: places(section.body, word),
    }));
    return hits.every((hit) => hit.head.length || hit.body.length) ? hits : null;
  }

  function find(all, query) {
    const phrase = fold(query).trim().replace(/\s+/g, ' ');
    const attempt = (words) => all.map((sections) => sections
      .map((section) => ({ section, hits: match(section, words) }))
      .filter((found) => found.hits)
      .map((found) => ({ ...found, weight: found.hits.reduce((sum, hit) => sum + 5 * hit.head.length + hit.body.length, 0) }))
      .sort((one, other) => other.weight - one.weight));
    const whole = attempt([phrase]);
    if (whole.some((month) => month.length)) return { found: whole, phrase: true };
    return { found: attempt([...new Set(phrase.split(' '))]), phrase: false };
  }

  function marked(parent, text, spans) {
    let end = 0;
    for (const [from, to] of spans) {
      if (from < end) continue;
      parent.append(text.slice(end, from));
      parent.append(Object.assign(document.createElement('mark'), { textContent: text.slice(from, to) }));
      end = to;
    }
    parent.append(text.slice(end));
  }

  const spans = (hits, part) => hits
    .flatMap((hit) => hit[part].map((at) => [at, at + hit.word.length])).sort((one, other) => one[0] - other[0]);

  function entry(month, found) {
    const { section, hits } = found;
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = '../' + month.ky + '/bao-cao.html' + (section.anchor ? '#' + section.anchor : '');
    marked(link, section.title || 'Phần mở đầu', section.title ? spans(hits, 'head') : []);
    item.append(link);
    const inText = spans(hits, 'body');
    if (section.text) {
      const first = inText.length ? inText[0][0] : 0;
      const from = first < AROUND ? 0 : section.text.indexOf(' ', first - AROUND) + 1;
      const last = first + AROUND * 2;
      const to = last >= section.text.length ? section.text.length : Math.max(section.text.lastIndexOf(' ', last), first);
      const line = document.createElement('p');
      if (from) line.append('… ');
      marked(line, section.text.slice(from, to), inText.filter((span) => span[0] >= from && span[1] <= to)
        .map(([start, end]) => [start - from, end - from]));
      if (to < section.text.length) line.append(' …');
      item.append(line);
    }
    return item;
  }

  function list(month, found) {
    const all = document.createElement('ol');
    all.append(...found.map((one) => entry(month, one)));
    return all;
  }

  function show(query, { found, phrase }) {
    const count = found.reduce((sum, month) => sum + month.length, 0);
    const kinds = found.filter((month) => month.length).length;
    status.textContent = count === 0
      ? 'Không tìm thấy “' + query + '” trong ' + months.length + ' kỳ.'
      : 'Tìm thấy “' + query + '” ở ' + count + ' mục của ' + kinds + ' kỳ' + (phrase ? '.' : ' (các từ không đứng liền nhau).');
    found.forEach((sections, index) => {
      if (!sections.length) return;
      const month = months[index];
      const block = document.createElement('section');
      const head = document.createElement('h2');
      const link = Object.assign(document.createElement('a'), { href: '../' + month.ky + '/', textContent: 'Báo cáo ' + month.ten });
      head.append(link, ' (' + sections.length + ' mục)');
      block.append(head, list(month, sections.slice(0, SHOWN)));
      if (sections.length > SHOWN) {
        const more = document.createElement('details');
        more.append(Object.assign(document.createElement('summary'), { textContent: (sections.length - SHOWN) + ' mục nữa của ' + month.ten }));
        more.append(list(month, sections.slice(SHOWN)));
        block.append(more);
      }
      results.append(block);
    });
  }

  async function search(query) {
    box.value = query;
    results.replaceChildren();
    if (!fold(query).trim()) {
      status.textContent = '';
      box.focus();
      return;
    }
    status.textContent = 'Đang tìm …';
    try {
      loaded = loaded || Promise.all(months.map(read));
      show(query.trim(), find(await loaded, query));
    } catch {
      loaded = undefined;
      status.textContent = 'Không tải được chỉ mục tìm kiếm. Tải lại trang rồi tìm lại.';
    }
  }

  const asked = () => new URLSearchParams(location.search).get('q') || '';
  box.form.addEventListener('submit', (event) => {
    event.preventDefault();
    history.pushState(null, '', '?q=' + encodeURIComponent(box.value));
    search(box.value);
  });
  addEventListener('popstate', () => search(asked()));
  search(asked());
}());
