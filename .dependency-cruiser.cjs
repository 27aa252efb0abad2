/** The import law of docs/architecture.md: arrows point one way, and pure folders do no I/O. */
const folders = ['core', 'stream', 'storage', 'ingest', 'rules', 'processors', 'api', 'dashboards', 'loadtest', 'cli'];

/** What each folder may import of ours, beside itself. */
const allowed = {
  core: [],
  rules: ['core'],
  stream: ['core'],
  storage: ['core'],
  ingest: ['core', 'stream'],
  processors: ['core', 'rules', 'stream', 'storage'],
  api: ['core', 'rules', 'stream', 'storage'],
  dashboards: ['core', 'api'],
  loadtest: ['core', 'rules', 'processors', 'stream', 'storage'],
  cli: ['core', 'rules', 'stream', 'storage', 'ingest', 'processors', 'api', 'loadtest'],
};

const direction = folders.map((folder) => ({
  name: `${folder}-imports`,
  severity: 'error',
  comment: `${folder}/ may import ${allowed[folder].join(', ') || 'nothing'} of ours.`,
  from: { path: `^${folder}/` },
  to: { path: `^(${folders.filter((other) => other !== folder && !allowed[folder].includes(other)).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...direction,
    {
      name: 'pure-folders',
      severity: 'error',
      comment: 'core/, rules/ and the engine decide; they do no I/O.',
      from: { path: '^(core|rules|processors/engine)/', pathNot: '^rules/catalog/load' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-stream-talks-to-nats',
      severity: 'error',
      from: { pathNot: '^(stream|tests|loadtest/bench)/' },
      to: { path: '@nats-io' },
    },
    {
      name: 'only-storage-talks-to-clickhouse',
      severity: 'error',
      from: { pathNot: '^(storage|tests)/' },
      to: { path: '@clickhouse|chdb|ffi-rs' },
    },
    {
      name: 'dashboards-know-published-types-only',
      severity: 'error',
      from: { path: '^dashboards/' },
      to: { path: '^(api|core)/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
