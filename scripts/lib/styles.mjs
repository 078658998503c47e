/**
 * Returns a style sheet with the files it imports as one text. `@import` would cost a page one
 * request per file, each after the one before.
 *
 * @param {string} file
 * @param {{ minify: boolean }} options
 */
export async function bundleStyles(file, { minify }) {
  // Not imported at the top: in a fresh clone esbuild is installed by setup.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    minify,
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].text;
}
