// Bundles the browser tests for Node, which does not read TypeScript.
import { builtinModules } from 'node:module'
import { defineConfig } from 'vite'

export default defineConfig({
  publicDir: false,
  build: {
    ssr: 'e2e/main.ts',
    outDir: 'node_modules/.e2e',
    target: 'node20',
    rolldownOptions: { external: [...builtinModules, /^node:/, 'playwright-core', 'pngjs', 'axe-core'] },
  },
})
