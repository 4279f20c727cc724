// What the house rules of CONTRIBUTING.md can have checked by a machine. `import` directions and file names are checked by
// test/unit/structure.test.ts, because they need the whole tree.
import { defineConfig, globalIgnores } from 'eslint/config';
import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';

// Flat configuration replaces a rule's options where two blocks set them, so each block lists all that holds in it.
const defaultExport = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Named exports only: an import then has the same name everywhere.',
};

const sleepMessage = 'No sleeps in tests: wait for the event itself, or move a fake clock.';
const sleeps = [
  {
    selector: 'NewExpression[callee.name="Promise"] CallExpression[callee.name="setTimeout"][arguments.0.type="Identifier"]',
    message: sleepMessage,
  },
  {
    selector: 'NewExpression[callee.name="Promise"] > ArrowFunctionExpression > CallExpression.body[callee.name="setTimeout"]',
    message: sleepMessage,
  },
  {
    selector: 'NewExpression[callee.name="Promise"] > :function > BlockStatement > ExpressionStatement > CallExpression[callee.name="setTimeout"]',
    message: sleepMessage,
  },
  { selector: 'CallExpression[callee.name="promisify"][arguments.0.name="setTimeout"]', message: sleepMessage },
  { selector: 'MemberExpression[object.name="Atomics"][property.name="wait"]', message: sleepMessage },
];
const sleepImports = ['node:timers/promises', 'timers/promises'].map((name) => ({
  name,
  importNames: ['setTimeout', 'scheduler', 'default'],
  message: sleepMessage,
}));

const requestMessage = 'Requests go out through daemon/actions/http-client.ts, which guards addresses and bounds sizes.';
const requestImports = [
  // A connector and the errors send nothing by themselves.
  { name: 'undici', allowImportNames: ['buildConnector', 'errors'], message: requestMessage, allowTypeImports: true },
  ...['node:http', 'node:https', 'http', 'https'].map((name) => ({
    name,
    importNames: ['request', 'get', 'ClientRequest'],
    message: requestMessage,
    allowTypeImports: true,
  })),
];
const requestCalls = [
  {
    selector: 'CallExpression[callee.object.name=/^https?$/][callee.property.name=/^(request|get)$/]',
    message: requestMessage,
  },
  { selector: 'MemberExpression[object.name="globalThis"][property.name="fetch"]', message: requestMessage },
];

const pureMessage = 'This folder is pure: time, randomness, ids and I/O are handed in.';
const impureGlobals = [
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
].map((name) => ({ name, message: pureMessage }));
const impureExpressions = [
  { selector: 'MemberExpression[object.name="Date"][property.name="now"]', message: pureMessage },
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: pureMessage },
  { selector: 'CallExpression[callee.name="Date"]', message: pureMessage },
  { selector: 'MemberExpression[object.name="Math"][property.name="random"]', message: pureMessage },
];
const nodeModules = {
  regex: `^(node:.*|(${builtinModules.filter((name) => !name.startsWith('_')).join('|')})(/.*)?)$`,
  message: pureMessage,
};

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'test/.artefacts/', '**/.sluice/']),
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-console': 'off',
      'no-template-curly-in-string': 'off',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Without a `default`, every member is named; with one, the author has decided about members to come.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', defaultExport],
      'object-shorthand': 'error',
      'prefer-const': 'error',

      // Off or loosened, because they fight good code:
      // an async method may answer at once, because its interface is asynchronous;
      '@typescript-eslint/require-await': 'off',
      // numbers and booleans read well in a template, and everything else is still caught;
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => doIt()` as a callback that returns nothing;
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `while (true)` with a way out inside;
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      // a type parameter used once documents what comes back;
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // deleting a key of a record is how a key goes away;
      '@typescript-eslint/no-dynamic-delete': 'off',
      // a leading underscore says "not used, on purpose";
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['platform/**/*.ts', 'client/**/*.ts', 'daemon/**/*.ts', 'extension/**/*.ts'],
    ignores: ['daemon/actions/http-client.ts', 'daemon/core/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { paths: requestImports }],
      'no-restricted-globals': ['error', { name: 'fetch', message: requestMessage }],
      'no-restricted-syntax': ['error', defaultExport, ...requestCalls],
    },
  },
  {
    files: ['schemas/**/*.ts', 'daemon/core/**/*.ts', 'daemon/ledger/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [nodeModules] }],
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-syntax': ['error', defaultExport, ...impureExpressions],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // assert.deepEqual and friends are statements of their own; mocha's `this` is not lost in a `function`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    // These two drive real processes from outside, and have bounded polling of their own.
    ignores: ['test/bench/**', 'test/fault/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { paths: sleepImports }],
      'no-restricted-syntax': ['error', defaultExport, ...sleeps],
    },
  },
  {
    // The launcher has to parse on Node 12: nothing newer than import().
    files: ['**/*.cjs'],
    languageOptions: { ecmaVersion: 2020, sourceType: 'commonjs' },
  },
);
