// Jest with jsdom, and the React version of Datashop.

const path = require("node:path");

const modules = path.join(__dirname, "../node_modules");

module.exports = {
  rootDir: __dirname,
  testMatch: ["<rootDir>/jest.test.cjs"],
  testEnvironment: require.resolve("jest-environment-jsdom"),
  transform: {},
  moduleNameMapper: {
    "^react$": `${modules}/react-16`,
    "^react-dom$": `${modules}/react-dom-16`,
    "^react-dom/test-utils$": `${modules}/react-dom-16/test-utils`,
  },
};
