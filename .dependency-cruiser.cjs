/** The architecture as rules. Each names what it forbids; tools/boundaries.spec.ts plants a violation of each and expects it to be caught. */
const inside = (name) => `^libs/llama-core/src/${name}/`;
const engineParts = 'scheduling|runtime|sampling|tokenizer|chat-template|model';
const parts = `${engineParts}|graph|weights|adapters|hub|engine|engines`;

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'libs-not-to-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^(apps|cli)/' } },
    { name: 'apps-apart', severity: 'error', from: { path: '^apps/([^/]+)/', pathNot: '^apps/embedded/' }, to: { path: '^(apps|cli)/', pathNot: '^apps/$1/' } },
    { name: 'contracts-is-a-leaf', severity: 'error', from: { path: '^libs/contracts/' }, to: { path: '^(libs|apps|cli)/', pathNot: '^libs/contracts/' } },
    { name: 'policy-is-pure', severity: 'error', from: { path: '^libs/policy/' }, to: { path: '^(libs|apps|cli)/', pathNot: '^libs/(policy|contracts|testing)/' } },
    { name: 'reporting-is-pure', severity: 'error', from: { path: '^libs/reporting/' }, to: { path: '^(libs|apps|cli)/', pathNot: '^libs/(reporting|policy|contracts|testing)/' } },
    { name: 'scanners-is-pure', severity: 'error', from: { path: '^libs/scanners/' }, to: { path: '^(libs|apps|cli)/', pathNot: '^libs/(scanners|testing)/' } },
    { name: 'audit-formats-is-pure', severity: 'error', from: { path: '^libs/audit-formats/' }, to: { path: '^(libs|apps|cli)/', pathNot: '^libs/(audit-formats|contracts|testing)/' } },
    { name: 'llama-core-stands-alone', severity: 'error', from: { path: '^libs/llama-core/' }, to: { path: '^(libs|apps|cli)/', pathNot: '^libs/llama-core/' } },
    { name: 'pure-libs-no-framework', severity: 'error', from: { path: '^libs/(policy|contracts|scanners|reporting|audit-formats|llama-core)/' }, to: { path: 'node_modules/(@nestjs|bullmq|ioredis|pg|fastify)/' } },
    { name: 'gateway-loads-no-native-code', severity: 'error', from: { path: '^apps/gateway/' }, to: { path: '^libs/llama-core/', reachable: true } },
    { name: 'one-file-imports-onnxruntime', severity: 'error', from: { pathNot: '^libs/llama-core/src/runtime/ort-session\\.ts$' }, to: { path: 'node_modules/onnxruntime-' } },
    { name: 'nothing-imports-engine', severity: 'error', from: { path: '^libs/llama-core/src/', pathNot: [inside('(engine|engines)'), '^libs/llama-core/src/index\\.ts$', '\\.spec\\.ts$'] }, to: { path: inside('(engine|engines)') } },
    { name: 'engine-knows-no-other-engines', severity: 'error', from: { path: inside('engine'), pathNot: '\\.spec\\.ts$' }, to: { path: inside('engines') } },
    { name: 'engines-imports', severity: 'error', from: { path: inside('engines'), pathNot: '\\.(spec|fixture)\\.ts$' }, to: { path: inside(`(${parts})`), pathNot: inside('(engine|engines|sampling|tokenizer|chat-template|model|weights)') } },
    { name: 'engines-apart', severity: 'error', from: { path: '^libs/llama-core/src/engines/([^/]+)/', pathNot: '\\.(spec|fixture)\\.ts$' }, to: { path: inside('engines'), pathNot: '^libs/llama-core/src/engines/$1/' } },
    { name: 'engine-imports', severity: 'error', from: { path: inside('engine'), pathNot: '\\.spec\\.ts$' }, to: { path: inside(`(${parts})`), pathNot: inside(`(engine|${engineParts})`) } },
    { name: 'graph-imports', severity: 'error', from: { path: inside('graph'), pathNot: '\\.spec\\.ts$' }, to: { path: inside(`(${parts})`), pathNot: inside('(graph|weights|adapters|model)') } },
    { name: 'adapters-imports', severity: 'error', from: { path: inside('adapters'), pathNot: '\\.spec\\.ts$' }, to: { path: inside(`(${parts})`), pathNot: inside('(adapters|weights|model)') } },
    { name: 'sampling-and-scheduling-are-pure', severity: 'error', from: { path: inside('(sampling|scheduling)'), pathNot: '\\.spec\\.ts$' }, to: { path: inside(`(${parts})`), pathNot: inside('(sampling|scheduling)') } },
    { name: 'no-deep-import', severity: 'error', from: { path: '^(apps|libs)/([^/]+)/' }, to: { path: '^(apps|libs)/[^/]+/src/', pathNot: ['^(apps|libs)/$2/', '/src/index\\.ts$'] } },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@sallyport/source', 'import', 'require', 'node', 'default'] },
    exclude: { path: '^((apps|libs)/[^/]+|cli)/dist/|^apps/console/' },
  },
};
