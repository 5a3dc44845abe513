import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// VIGIE_URL lets `npm run dev` talk to a running server.
const server = process.env.VIGIE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ['chrome120', 'firefox121', 'safari17'],
    // Inlined assets would be data: URLs, which the content security policy forbids for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // build/compress.js weighs by it and then takes it away.
    manifest: true,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        // The map library changes rarely: a chunk of its own stays in the browser's cache.
        codeSplitting: {
          groups: [
            { name: 'maplibre', test: /node_modules[\\/]maplibre-gl/ },
            { name: 'svelte', test: /node_modules[\\/](svelte|esm-env|clsx)/ },
            // What every room shows or draws on: in one piece it weighs less than in several.
            { name: 'house', test: /src[\\/](Header|Account|Mark|panels[\\/]Search|map[\\/](style|home))\b/ },
          ],
        },
      },
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(['/api', '/tiles'].map((path) => [path, { target: server, changeOrigin: true }])),
  },
})
