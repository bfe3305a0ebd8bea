import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', '.switchyard/**', 'node_modules/**', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', 300],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Use named exports: one name in every layer.' },
      ],
    },
  },
  {
    // The workflow sandbox: time, randomness and the environment come from Temporal or from the input.
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'Buffer', 'crypto', 'performance'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Workflows must replay: take randomness from an activity.' },
      ],
    },
  },
  {
    // What a test's logger writes is searched at the end of `npm test`.
    files: ['test/**/*.ts'],
    ignores: ['test/stack/test-logger.ts'],
    rules: {
      'no-restricted-imports': ['error', { name: 'pino', message: 'Use createTestLogger of test/stack.' }],
    },
  },
  {
    // Tool configuration files are read by their tools as default exports.
    files: ['vitest.config.ts', 'test/replay/vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
