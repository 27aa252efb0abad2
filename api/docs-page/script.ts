/** The script of the documentation page: renders the two documents as text nodes only, so nothing in them can run. */
export const DOCS_SCRIPT = `'use strict';
(() => {
  const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) if (value !== undefined) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== undefined && child !== null));
    return node;
  };
  let root = {};
  const resolve = (schema) => {
    let at = schema || {};
    for (let hops = 0; at.$ref && hops < 8; hops++) {
      at = at.$ref.replace('#/', '').split('/').reduce((node, part) => (node || {})[decodeURIComponent(part)], root) || {};
    }
    return at;
  };
  const typeOf = (given) => {
    const s = resolve(given);
    if (s.const !== undefined) return JSON.stringify(s.const);
    if (s.enum) return s.enum.map((value) => JSON.stringify(value)).join(' | ');
    const options = s.anyOf || s.oneOf;
    if (options) return options.map(typeOf).join(' | ');
    if (s.type === 'array') return typeOf(s.items) + '[]';
    return (Array.isArray(s.type) ? s.type.join(' | ') : s.type) || 'any';
  };
  const bounds = (s) => [
    s.minimum !== undefined ? '≥ ' + s.minimum : '', s.maximum !== undefined && s.maximum < 9e15 ? '≤ ' + s.maximum : '',
    s.maxLength !== undefined ? 'at most ' + s.maxLength + ' characters' : '', s.default !== undefined ? 'default ' + JSON.stringify(s.default) : '',
  ].filter(Boolean).join(', ');
  const describe = (s) => [s.description, bounds(s)].filter(Boolean).join(' · ');
  const fields = (given, depth) => {
    const s = resolve(given);
    const target = s.type === 'array' ? resolve(s.items) : s;
    const options = (target.anyOf || target.oneOf || []).map(resolve).filter((option) => option.properties);
    if (options.length > 0 && depth < 7) return make('div', { class: 'schema' }, ...options.map((option) => make('div', {}, make('div', { class: 'none' }, 'one of'), fields(option, depth + 1))));
    if (!target.properties || depth > 7) return null;
    const required = new Set(target.required || []);
    return make('div', { class: 'schema' }, ...Object.entries(target.properties).map(([name, child]) =>
      make('div', { class: 'field' }, make('code', {}, name), ' ', make('span', { class: 'type' }, typeOf(child)), ' ',
        required.has(name) ? make('span', { class: 'must' }, 'required') : null, ' ',
        make('span', { class: 'text' }, describe(resolve(child))), fields(child, depth + 1))));
  };
  const contentOf = (part) => Object.entries((part && part.content) || {}).map(([type, { schema }]) =>
    make('div', {}, make('code', {}, type), ' ', make('span', { class: 'type' }, schema ? typeOf(schema) : ''), schema ? fields(schema, 0) : null));
  const operation = (path, method, op) => {
    const id = method + path.replace(/[^a-z0-9]+/gi, '-');
    const parameters = (op.parameters || []).map(resolve);
    const body = [];
    if (op.description) body.push(make('p', {}, op.description));
    if (parameters.length > 0) {
      body.push(make('h3', {}, 'Parameters'), make('div', { class: 'table' }, make('table', {}, make('thead', {}, make('tr', {}, ...['name', 'in', 'type', 'meaning'].map((title) => make('th', { scope: 'col' }, title)))),
        make('tbody', {}, ...parameters.map((p) => make('tr', {}, make('td', {}, make('code', {}, p.name), p.required ? make('span', { class: 'must' }, ' required') : null),
          make('td', {}, p.in), make('td', { class: 'type' }, typeOf(p.schema)), make('td', {}, describe({ ...resolve(p.schema), description: p.description || resolve(p.schema).description }))))))));
    }
    if (op.requestBody) body.push(make('h3', {}, 'Body'), ...contentOf(op.requestBody));
    body.push(make('h3', {}, 'Answers'));
    for (const [status, answer] of Object.entries(op.responses || {})) {
      const refused = Number(status) >= 400;
      body.push(make('div', {}, make('span', { class: 'status' }, status), ' ', answer.description === 'Default Response' ? '' : answer.description || '', ...(refused ? [] : contentOf(answer))));
    }
    const locked = (op.security || []).length > 0;
    return make('details', { class: 'op', id, 'data-text': [method, path, op.summary, op.description, JSON.stringify(op)].join(' ').toLowerCase() },
      make('summary', {}, make('span', { class: 'method ' + method }, method), make('span', { class: 'path' }, path), locked ? make('span', { class: 'lock' }, 'token') : null, make('span', { class: 'summary' }, op.summary || '')),
      make('div', { class: 'body' }, ...body));
  };
  const messages = (doc) => Object.entries(doc.components.messages).map(([name, message]) => {
    const id = 'ws-' + name;
    return make('details', { class: 'op', id, 'data-text': ('ws live ' + name + ' ' + JSON.stringify(message)).toLowerCase() },
      make('summary', {}, make('span', { class: 'method ws' }, message.title.startsWith('client') ? 'send' : 'receive'), make('span', { class: 'path' }, name), make('span', { class: 'summary' }, message.summary || '')),
      make('div', { class: 'body' }, make('h3', {}, 'Message'), fields(message.payload, 0) || make('code', {}, JSON.stringify(message.payload))));
  });
  const section = (name, description, nodes) => make('section', { class: 'tag', id: 'tag-' + name }, make('h2', {}, name), description ? make('p', {}, description) : null, ...nodes);
  const fetchJson = async (url) => { const answer = await fetch(url); if (!answer.ok) throw new Error(url + ': ' + answer.status); return answer.json(); };
  const show = async () => {
    const [openapi, asyncapi] = await Promise.all([fetchJson('/openapi.json'), fetchJson('/asyncapi.json')]);
    root = openapi;
    document.getElementById('version').textContent = 'API ' + openapi.info.version;
    document.getElementById('about').textContent = openapi.info.description;
    const byTag = new Map((openapi.tags || []).map((tag) => [tag.name, { description: tag.description, operations: [] }]));
    for (const [path, item] of Object.entries(openapi.paths)) for (const method of METHODS) if (item[method]) {
      const tag = (item[method].tags || ['other'])[0];
      if (!byTag.has(tag)) byTag.set(tag, { description: '', operations: [] });
      byTag.get(tag).operations.push(operation(path, method, item[method]));
    }
    const host = document.getElementById('operations');
    host.replaceChildren();
    const contents = document.getElementById('contents');
    const add = (name, description, nodes) => {
      if (nodes.length === 0) return;
      host.append(section(name, description, nodes));
      contents.append(make('h2', {}, name), ...nodes.map((node) => make('a', { href: '#' + node.id }, node.querySelector('.path').textContent)));
    };
    for (const [name, { description, operations }] of byTag) add(name, description, operations);
    root = asyncapi;
    add('live', 'Messages of the WebSocket /v1/live', messages(asyncapi));
    const open = () => { const node = document.getElementById(location.hash.slice(1)); if (node && node.tagName === 'DETAILS') { node.open = true; node.scrollIntoView(); } };
    addEventListener('hashchange', open); open();
    document.getElementById('filter').addEventListener('input', (event) => {
      const words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
      for (const node of document.querySelectorAll('details.op')) node.hidden = !words.every((word) => node.dataset.text.includes(word));
      for (const node of document.querySelectorAll('section.tag')) node.hidden = !node.querySelector('details.op:not([hidden])');
    });
  };
  show().catch((error) => { document.getElementById('operations').textContent = 'The description could not be loaded: ' + error.message; });
})();
`;
