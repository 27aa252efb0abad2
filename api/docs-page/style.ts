/** Styles of the documentation page, light and dark. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --ink: #16202b; --soft: #5b6875; --line: #dfe4ea; --back: #ffffff; --panel: #f5f7f9; --accent: #0b6e99;
  --get: #0b6e99; --post: #2b7a3d; --put: #9a6400; --delete: #b3261e; --ws: #6a3fa0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b4; --line: #2c3742; --back: #11171d; --panel: #18212a; --accent: #6cc3e8;
  --get: #6cc3e8; --post: #7ccf8f; --put: #e4b45c; --delete: #f2938c; --ws: #c0a0ee; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body { margin: 0; font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink); background: var(--back); }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; }
header { position: sticky; top: 0; z-index: 2; display: flex; gap: 1.5rem; align-items: center; flex-wrap: wrap; padding: .7rem 1.5rem; background: var(--back); border-bottom: 1px solid var(--line); }
header h1 { font-size: 1.15rem; margin: 0; letter-spacing: .02em; } header small { color: var(--soft); font-weight: 400; }
header nav { margin-left: auto; display: flex; gap: 1rem; }
.search { color: var(--soft); } .search input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .6rem; width: 16rem; max-width: 60vw; }
.columns { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 78rem; margin: 0 auto; }
#contents { position: sticky; top: 3.6rem; align-self: start; max-height: calc(100vh - 3.6rem); overflow: auto; padding: 1.2rem 1rem 2rem 1.5rem; border-right: 1px solid var(--line); font-size: .9rem; }
#contents h2 { font-size: .72rem; text-transform: uppercase; letter-spacing: .08em; color: var(--soft); margin: 1.1rem 0 .3rem; }
#contents a { display: block; color: inherit; padding: .12rem 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
main { padding: 1.2rem 1.5rem 6rem; min-width: 0; } #about { color: var(--soft); max-width: 46rem; }
section.tag > h2 { margin: 2.2rem 0 .2rem; font-size: 1.25rem; } section.tag > p { margin: 0 0 .8rem; color: var(--soft); }
details.op { border: 1px solid var(--line); border-radius: 10px; margin: .6rem 0; background: var(--panel); overflow: hidden; }
details.op > summary { cursor: pointer; display: flex; gap: .8rem; align-items: baseline; padding: .65rem .9rem; list-style: none; }
details.op > summary::-webkit-details-marker { display: none; }
summary:focus-visible, a:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.method { font: 600 .75rem ui-monospace, monospace; min-width: 3.6rem; text-transform: uppercase; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); } .ws { color: var(--ws); }
.path { font: 600 .92rem ui-monospace, SFMono-Regular, monospace; overflow-wrap: anywhere; } .summary { color: var(--soft); margin-left: auto; text-align: right; }
.body { padding: .2rem .9rem 1rem; background: var(--back); border-top: 1px solid var(--line); }
h3 { font-size: .78rem; text-transform: uppercase; letter-spacing: .07em; color: var(--soft); margin: 1.1rem 0 .4rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; }
td code, .schema code, p code { font: .86em ui-monospace, SFMono-Regular, monospace; }
.type { color: var(--accent); } .must { color: var(--delete); font-size: .75rem; }
.schema { border-left: 2px solid var(--line); padding-left: .8rem; margin: .2rem 0; font-size: .88rem; } .schema .schema { margin-left: .2rem; }
.field { padding: .12rem 0; } .field > .text { color: var(--soft); }
.status { font: 600 .85rem ui-monospace, monospace; } .lock { font-size: .75rem; color: var(--soft); border: 1px solid var(--line); border-radius: 99px; padding: 0 .5rem; }
.none { color: var(--soft); }
@media (max-width: 56rem) { .columns { grid-template-columns: 1fr; } #contents { display: none; } .summary { display: none; } }
`;
