// Light and dark, for the report and the site: the style sheet has one block for dark; the choice says when it holds. This
// stands in a template of pandoc, to which a dollar sign means something: it has none.
'use strict';
(function () {
  const KEY = 'baocao.nen';
  const LOOKS = [
    { name: 'may', label: 'theo máy', media: 'screen and (prefers-color-scheme: dark)' },
    { name: 'sang', label: 'sáng', media: 'not all' },
    { name: 'toi', label: 'tối', media: 'screen' },
  ];
  const dark = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
    .find((rule) => rule.media && rule.media.mediaText.includes('prefers-color-scheme: dark'));
  let look = Math.max(0, LOOKS.findIndex((each) => each.name === remembered()));

  function remembered() {
    try { return localStorage.getItem(KEY); } catch { return null; } // storage may be forbidden
  }

  function remember(name) {
    try { localStorage.setItem(KEY, name); } catch { /* the choice holds until the page is closed */ }
  }

  function applyLook() {
    if (dark) dark.media.mediaText = LOOKS[look].media;
  }

  applyLook();
  document.addEventListener('DOMContentLoaded', () => {
    const name = document.getElementById('ten-nen');
    const say = () => { name.textContent = 'Nền: ' + LOOKS[look].label; };
    document.getElementById('doi-nen').addEventListener('click', () => {
      look = (look + 1) % LOOKS.length;
      remember(LOOKS[look].name);
      applyLook();
      say();
    });
    say();
  });
}());
