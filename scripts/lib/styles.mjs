// Style sheets as one file: `@import` would cost a page one request per file, each after the one
// before.

/**
 * Returns a style sheet with the files that it imports.
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
