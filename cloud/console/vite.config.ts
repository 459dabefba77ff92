import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// The console speaks to its own origin; while developing, Vite passes the API on to a running `sealtrail cloud web`.
export default defineConfig({
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: "true", // Element Plus needs it
    __VUE_I18N_LEGACY_API__: "false",
    __APP_VERSION__: JSON.stringify(process.env.npm_package_version ?? ""),
    __INTLIFY_PROD_DEVTOOLS__: "false",
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": process.env.SEALTRAIL_CLOUD_WEB ?? "http://127.0.0.1:8080" },
  },
  build: {
    target: "es2022",
    manifest: true, // by it tests/cloud/web/test_first_load.py weighs the first load
    assetsInlineLimit: 0, // no data: addresses, so that the page's policy can stay strict
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: "vendor", test: /node_modules/ }] },
      },
    },
  },
});
