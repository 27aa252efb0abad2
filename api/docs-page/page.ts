/** The shell of the documentation page; `script.ts` fills it from `/openapi.json` and `/asyncapi.json`. */
export const DOCS_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Weir API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
  <h1>Weir <small id="version"></small></h1>
  <label class="search">Find <input id="filter" type="search" placeholder="path, word or field" autocomplete="off"></label>
  <nav aria-label="Documents"><a href="/openapi.json">openapi.json</a> <a href="/asyncapi.json">asyncapi.json</a></nav>
</header>
<div class="columns">
  <nav id="contents" aria-label="Contents"></nav>
  <main id="main"><p id="about"></p><div id="operations" aria-live="polite">Loading…</div></main>
</div>
<noscript>This page needs JavaScript; the document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/docs.js" defer></script>
</body>
</html>
`;
