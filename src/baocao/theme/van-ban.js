// The page's own script: contents that follow the reading, search, sources of numbers, light and dark. Without it the
// page reads the same. It stands in a template of pandoc, to which a dollar sign means something: it has none.
'use strict';
(function () {
  const root = document.documentElement;
  root.classList.add('co-js');
  const wide = matchMedia('(min-width: 75rem)');
  const byId = (id) => document.getElementById(id);
  const WRITING = 'input, textarea, select';

  document.addEventListener('DOMContentLoaded', () => {
    const main = byId('noi-dung');
    barHeight();
    contents(main);
    tables();
    const hide = sources(main);
    search(main, hide);
  });

  // What sticks to the top must not hide what one has gone to.
  function barHeight() {
    const bar = document.querySelector('.thanh');
    const measure = () => root.style.setProperty('--thanh', (wide.matches ? 0 : bar.offsetHeight) + 'px');
    new ResizeObserver(measure).observe(bar);
    wide.addEventListener('change', measure);
    measure();
  }

  // ---- Contents
  function contents(main) {
    const nav = byId('muc-luc');
    if (!nav) return;
    const fold = nav.querySelector('details');
    const summary = nav.querySelector('summary');
    const label = byId('muc-dang-doc');
    const bar = nav.closest('.thanh');
    const title = label.textContent;
    const links = new Map();
    for (const link of nav.querySelectorAll('a[href^="#"]')) {
      const heading = byId(decodeURIComponent(link.hash.slice(1)));
      if (heading) links.set(heading, link);
    }
    const passed = new Set();
    let atEnd = false;
    let current = null;

    function mark() {
      const heading = [...links.keys()].filter((each) => passed.has(each) || atEnd).pop() || null;
      if (heading === current) return;
      current = heading;
      for (const link of links.values()) link.removeAttribute('aria-current');
      const link = links.get(heading);
      label.textContent = link ? link.textContent.trim() : title;
      if (!link) return;
      link.setAttribute('aria-current', 'location');
      show(link);
    }

    // Within the contents only: the page stays where the reader has it.
    function show(link) {
      const list = wide.matches ? nav : fold.querySelector('ul');
      const box = list.getBoundingClientRect();
      const place = link.getBoundingClientRect();
      if (place.top < box.top || place.bottom > box.bottom) {
        list.scrollTop += place.top - box.top - box.height / 3;
      }
    }

    // A heading counts as reached a little below the bar; above that the area has no end, so that none is missed by a
    // jump. The last ones may never come that high: at the end of the page the last one is current.
    let seen = null;
    function watch() {
      if (seen) seen.disconnect();
      const line = (wide.matches ? 0 : bar.offsetHeight) + 40;
      seen = new IntersectionObserver((entries) => {
        for (const entry of entries) {
          if (entry.isIntersecting) passed.add(entry.target); else passed.delete(entry.target);
        }
        mark();
      }, { rootMargin: '1000000px 0px ' + Math.min(0, line - innerHeight) + 'px 0px' });
      for (const heading of links.keys()) seen.observe(heading);
    }
    new ResizeObserver(watch).observe(bar);
    addEventListener('resize', watch);
    const end = document.createElement('div');
    end.id = 'het';
    main.append(end);
    new IntersectionObserver(([entry]) => {
      atEnd = entry.isIntersecting;
      mark();
    }).observe(end);

    const close = () => { if (!wide.matches) fold.open = false; };
    const fit = () => { fold.open = wide.matches; };
    wide.addEventListener('change', fit);
    fit();
    fold.addEventListener('toggle', () => { if (fold.open && current) show(links.get(current)); });
    fold.addEventListener('click', (event) => { if (event.target.closest('a')) close(); });
    document.addEventListener('click', (event) => { if (!nav.contains(event.target)) close(); });
    nav.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && fold.open && !wide.matches) {
        close();
        summary.focus();
      }
    });
    // A link of the contents or of the text goes to its place, and what is read aloud goes on from there.
    document.addEventListener('click', (event) => {
      const link = event.target.closest('a[href^="#"]');
      const target = link && byId(decodeURIComponent(link.hash.slice(1)));
      if (target && main.contains(target)) {
        if (!target.hasAttribute('tabindex')) target.setAttribute('tabindex', '-1');
        target.focus({ preventScroll: true });
      }
    });
  }

  // ---- Tables: one that fits needs no box of its own, and its header sticks to the window; the box of another takes
  // part in the order of the tab key.
  function tables() {
    const watch = new ResizeObserver((entries) => { for (const entry of entries) measure(entry.target); });
    function measure(box) {
      const fits = box.scrollWidth <= box.clientWidth + 1;
      box.classList.toggle('vua', fits);
      if (fits) box.removeAttribute('tabindex'); else box.setAttribute('tabindex', '0');
    }
    for (const box of document.querySelectorAll('.cuon-ngang')) watch.observe(box);
  }

  // ---- Sources: a number shows where it comes from. Returns the function that hides it.
  function sources(main) {
    const button = byId('xem-nguon');
    const numbers = main.querySelectorAll('[data-so]');
    button.hidden = numbers.length === 0;
    const card = document.createElement('div');
    card.id = 'nguon';
    card.hidden = true;
    card.setAttribute('role', 'dialog');
    card.setAttribute('aria-labelledby', 'nguon-so');
    main.append(card);
    let opener = null;

    function line(tag, text, name) {
      const element = document.createElement(tag);
      element.textContent = text;
      if (name) element.className = name;
      return element;
    }

    // “= 1 / 2 (tệp › trang › C9; tệp › trang › C10)”: the sum on a line, cells of one sheet together.
    function fill(number) {
      const source = number.title;
      const sum = source.match(/^(= [^()]*) \((.*)\)/);
      const places = new Map();
      for (const place of (sum ? sum[2] : source).split('; ')) {
        const at = place.lastIndexOf(' › ');
        const sheet = at < 0 ? place : place.slice(0, at);
        if (!places.has(sheet)) places.set(sheet, []);
        if (at >= 0) places.get(sheet).push(place.slice(at + 3));
      }
      const heading = line('p', number.textContent.trim(), 'so-lon');
      heading.id = 'nguon-so';
      const list = document.createElement('ul');
      for (const [sheet, cells] of places) {
        const item = line('li', sheet);
        if (cells.length) item.append(' › ', line('b', cells.join(', ')));
        list.append(item);
      }
      const shut = line('button', 'Đóng');
      shut.type = 'button';
      shut.addEventListener('click', () => hide(true));
      card.replaceChildren(heading, ...(sum ? [line('p', sum[1], 'phep-tinh')] : []), list,
        line('p', 'Mã: ' + number.dataset.so, 'ma'), shut);
      return shut;
    }

    function open(number) {
      hide(false);
      opener = number;
      number.classList.add('dang-xem');
      const shut = fill(number);
      card.hidden = false;
      // Beside the number where there is room, else (style sheet) at the lower edge of the window.
      const place = number.getBoundingClientRect();
      const frame = main.getBoundingClientRect();
      const left = Math.min(place.left - frame.left, frame.width - card.offsetWidth - 16);
      card.style.setProperty('--trai', Math.max(8, left) + 'px');
      const below = place.bottom + card.offsetHeight + 16 < innerHeight;
      const top = below ? place.bottom + 8 : Math.max(place.top - card.offsetHeight - 8, 8);
      card.style.setProperty('--tren', top - frame.top + 'px');
      shut.focus({ preventScroll: true });
    }

    function hide(back) {
      if (card.hidden) return;
      card.hidden = true;
      opener.classList.remove('dang-xem');
      if (back && opener.hasAttribute('tabindex')) opener.focus({ preventScroll: true });
      opener = null;
    }

    main.addEventListener('click', (event) => {
      const number = event.target.closest('[data-so]');
      if (number && getSelection().isCollapsed) {
        if (number === opener) hide(true); else open(number);
      }
    });
    document.addEventListener('pointerdown', (event) => {
      if (!card.contains(event.target) && event.target.closest('[data-so]') !== opener) hide(false);
    });
    card.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' || event.key === 'Tab') {
        // Tab goes on from the number; nothing in the card is passed over.
        if (event.key === 'Escape') event.stopPropagation();
        hide(true);
      }
    });
    main.addEventListener('keydown', (event) => {
      if ((event.key === 'Enter' || event.key === ' ') && event.target.matches('[data-so]')) {
        event.preventDefault();
        open(event.target);
      }
    });
    button.addEventListener('click', () => {
      const on = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(on));
      root.classList.toggle('hien-nguon', on);
      hide(false);
      for (const number of numbers) {
        for (const [name, value] of [['tabindex', '0'], ['role', 'button'], ['aria-haspopup', 'dialog']]) {
          if (on) number.setAttribute(name, value); else number.removeAttribute(name);
        }
      }
    });
    return hide;
  }

  // ---- Search
  const FOLDED = new Map([['đ', 'd'], ['Đ', 'd'], ['–', '-'], ['—', '-'], ['\u2011', '-'], ['“', '"'], ['”', '"'], ['’', "'"]]);

  // A character without case and diacritics; '' for a mark that stands alone.
  function plain(character) {
    let folded = FOLDED.get(character);
    if (folded === undefined) {
      folded = /\s/.test(character) ? ' ' : character.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
      FOLDED.set(character, folded);
    }
    return folded;
  }

  const plainText = (text) => [...text].map(plain).join('').replace(/ +/g, ' ').trim();

  // Texts of the page, one for each block: its letters folded, and for each of them the node and the place in it.
  function texts(main, skip) {
    const BLOCK = 'p, li, th, td, caption, figcaption, summary, dt, dd, h1, h2, h3, h4, h5, h6, div';
    const blocks = new Map();
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
      node === skip ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === Node.ELEMENT_NODE && node.tagName !== 'BR') continue;
      const owner = node.parentElement.closest(BLOCK);
      if (!blocks.has(owner)) blocks.set(owner, { text: '', at: [] });
      const block = blocks.get(owner);
      let offset = 0;
      for (const character of node.tagName === 'BR' ? ' ' : node.data) {
        for (const letter of plain(character)) {
          if (letter === ' ' && (block.text === '' || block.text.endsWith(' '))) continue;
          block.text += letter;
          block.at.push({ node, offset, end: offset + character.length });
        }
        offset += character.length;
      }
    }
    return blocks.values();
  }

  function search(main, hideSource) {
    const panel = byId('tim');
    const opener = byId('mo-tim');
    const field = byId('o-tim');
    const count = byId('so-ket-qua');
    const steps = [byId('tim-truoc'), byId('tim-sau')];
    const LEAST = 2;
    let hits = []; // each a list of <mark>, because one may reach over several spans
    let current = -1;
    let opened = []; // folds that were opened to show a hit
    let waiting = 0;

    function clear() {
      for (const mark of hits.flat()) {
        const parent = mark.parentNode;
        mark.replaceWith(...mark.childNodes);
        parent.normalize();
      }
      for (const details of opened) details.open = false;
      hits = [];
      opened = [];
      current = -1;
    }

    function wrap(node, start, end) {
      const part = node.splitText(start);
      part.splitText(end - start);
      const mark = document.createElement('mark');
      part.replaceWith(mark);
      mark.append(part);
      return mark;
    }

    function find(wanted) {
      const found = [];
      for (const block of texts(main, byId('nguon'))) {
        for (let at = block.text.indexOf(wanted); at >= 0; at = block.text.indexOf(wanted, at + wanted.length)) {
          const pieces = [];
          for (const letter of block.at.slice(at, at + wanted.length)) {
            const last = pieces[pieces.length - 1];
            if (letter.node.nodeType !== Node.TEXT_NODE) continue;
            if (last && last.node === letter.node) last.end = letter.end;
            else pieces.push({ node: letter.node, start: letter.offset, end: letter.end });
          }
          found.push(pieces);
        }
      }
      // From the end on, so that places before stay true.
      return found.reverse().map((pieces) =>
        pieces.reverse().map((piece) => wrap(piece.node, piece.start, piece.end)).reverse()).reverse();
    }

    function run() {
      waiting = 0;
      clear();
      hideSource(false);
      const wanted = plainText(field.value);
      if (wanted.length >= LEAST) {
        hits = find(wanted);
        // Blocks come in the order of their first text; hits in that of the page.
        hits.sort((a, b) => a[0].compareDocumentPosition(b[0]) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
      }
      if (hits.length) {
        // The first one from here on; what is folded away stands where its fold does.
        const next = hits.findIndex(([mark]) => (mark.closest('details') || mark).getBoundingClientRect().top >= 0);
        go(Math.max(next, 0));
      }
      for (const button of steps) button.disabled = hits.length === 0;
      count.textContent = hits.length ? current + 1 + '/' + hits.length
        : wanted.length >= LEAST ? 'Không tìm thấy' : wanted ? 'Gõ thêm chữ' : '';
    }

    function go(index) {
      if (!hits.length) return;
      for (const mark of hits[current] || []) mark.classList.remove('dang-xem');
      current = (index + hits.length) % hits.length;
      const [first] = hits[current];
      for (const mark of hits[current]) mark.classList.add('dang-xem');
      const details = first.closest('details:not([open])');
      if (details && !first.closest('summary')) {
        details.open = true;
        opened.push(details);
      }
      first.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      count.textContent = current + 1 + '/' + hits.length;
    }

    function now() {
      if (waiting) {
        clearTimeout(waiting);
        run();
        return true;
      }
      return false;
    }

    function show() {
      panel.hidden = false;
      opener.setAttribute('aria-expanded', 'true');
      field.focus();
      field.select();
    }

    function close() {
      panel.hidden = true;
      opener.setAttribute('aria-expanded', 'false');
      field.value = '';
      run();
    }

    opener.addEventListener('click', () => { if (panel.hidden) show(); else close(); });
    field.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(run, 150);
    });
    field.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') {
        event.preventDefault();
        if (!now()) go(current + (event.shiftKey ? -1 : 1));
      } else if (event.key === 'Escape') {
        event.preventDefault();
        if (field.value) {
          field.value = '';
          run();
        } else if (!wide.matches) {
          close();
          opener.focus();
        }
      }
    });
    steps.forEach((button, index) => button.addEventListener('click', () => go(current + (index ? 1 : -1))));
    document.addEventListener('keydown', (event) => {
      if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.matches(WRITING)) {
        event.preventDefault();
        show();
      }
    });
  }
})();
