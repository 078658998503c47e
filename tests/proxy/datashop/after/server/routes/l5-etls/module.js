const express = require("express");
const controller = require("../../controllers/l5-etls/module");

const router = express.Router();

router.route("/sse/logs/stream").get(controller.streamLogs);
router.route("/sse/logs/history").get(controller.readLogsHistory);

module.exports = router;
