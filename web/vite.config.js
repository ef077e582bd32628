// Builds the pages into the package, with what each file is packed as. The same sources give the same bytes.
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig } from "vite";

const page = process.env.PAGES_PAGE ?? "chat"; // each is built by itself: what one of them needs changes no other
const outDir = resolve(process.env.PAGES_OUT ?? join(import.meta.dirname, "../src/parlour/pages"));

// All pages are one file of HTML, each with a script of its own.
const named = {
  name: "named",
  transformIndexHtml: { order: "pre", handler: (html) => html.replace("/src/PAGE/", `/src/${page}/`) },
  closeBundle: () => renameSync(join(outDir, "page.html"), join(outDir, `${page}.html`)),
};

const packed = {
  name: "packed",
  closeBundle() {
    for (const name of readdirSync(outDir).filter((name) => !/\.(gz|br)$/.test(name))) {
      const path = join(outDir, name);
      const bytes = readFileSync(path);
      writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    }
  },
};

export default defineConfig({
  base: "/pages/",
  publicDir: "public",
  build: {
    outDir,
    emptyOutDir: false,
    assetsDir: "",
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: `${page}-licenses.md` },
    rollupOptions: {
      input: { [page]: join(import.meta.dirname, "page.html") },
      output: { entryFileNames: "[name]-[hash:8].js", chunkFileNames: "[name]-[hash:8].js", assetFileNames: "[name]-[hash:8][extname]" },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [named, packed],
});
