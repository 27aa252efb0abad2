/**
 * Builds the web application to dashboards/dist, which the api serves at `/`. Nothing is inlined (no data: URLs, no inline
 * scripts), so that the pages run under a Content-Security-Policy of `default-src 'self'`.
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where a development server sends API calls; the default port of `npm start`. */
const api = process.env.WEIR_API_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/v1': { target: api, ws: true }, '/openapi.json': api, '/docs': api },
  },
});
