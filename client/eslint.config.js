// What is wrong in the client beyond what the compiler sees; and who may import whom.

import js from '@eslint/js';
import query from '@tanstack/eslint-plugin-query';
import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import ts from 'typescript-eslint';

const FEATURES = ['auth', 'orders', 'payments', 'tickets'];

/** What a folder must not import, and why. */
const walls = (files, group, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

export default ts.config(
  { ignores: ['dist', 'e2e/results', 'src/api/types.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A number or nothing in a sentence is what was meant.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `onClick={() => void later()}` says that nobody waits.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreVoidOperator: true, ignoreArrowShorthand: true },
      ],
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // The router throws what is no error: a redirect.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allow: [{ from: 'package', package: '@tanstack/router-core', name: 'Redirect' }] },
      ],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [
      a11y.flatConfigs.strict,
      hooks.configs.flat['recommended-latest'],
      query.configs['flat/recommended'],
    ],
    languageOptions: { globals: globals.browser },
  },
  { files: ['scripts/**', '*.js'], languageOptions: { globals: globals.node } },
  ...FEATURES.map((feature) =>
    walls(
      [`src/features/${feature}/**`],
      FEATURES.filter((other) => other !== feature).map((other) => `**/${other}/**`),
      'A feature knows no other: let routes.tsx, or a page beside it, bring them together.',
    ),
  ),
  walls(
    ['src/ui/**'],
    ['**/api/**', '**/features/**', '**/paths', '**/shell/**'],
    'What is in ui/ knows no ticket.',
  ),
  walls(['src/api/**'], ['**/features/**', '**/ui/**', '**/shell/**'], 'The API knows no pages.'),
);
