// MDN's HTTP Observatory and Google's csp-evaluator on the login page: node graders.mjs
//
// Observatory's command reaches only port 443 and needs lists from the network; its tests are called one by one instead, with
// empty lists, as its own scan does. Prints both verdicts and exits with 1 below 135 points or at a finding that matters.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Service } from './service.mjs';

const LEAST = 135;
const require = createRequire(import.meta.url);
const [address] = process.argv.slice(2);
if (!address) {
  // Node trusts other certificates only from its start.
  const service = await Service.start();
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: service.certificate };
  const command = [fileURLToPath(import.meta.url), `${service.origin}/login`];
  const { status } = spawnSync(process.execPath, command, { env, stdio: 'inherit' });
  await service.stop();
  process.exit(status ?? 1);
}
const page = new URL(address);

async function observatory() {
  const base = dirname(require.resolve('@mdn/mdn-http-observatory/package.json'));
  mkdirSync(join(base, 'conf'), { recursive: true });
  writeFileSync(join(base, 'conf', 'hsts-preload.json'), '{}');
  writeFileSync(join(base, 'conf', 'tld-list.json'), '["com"]');
  const from = (file) => import(join(base, 'src', file));
  const { ALL_TESTS } = await from('constants.js');
  const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await from('grader/charts.js');
  const { getGradeForScore, getScoreModifier } = await from('grader/grader.js');
  const { retrieve } = await from('retriever/retriever.js');
  // No server listens for plain HTTP: port 9 is closed.
  const found = await retrieve(page.hostname, { httpsPort: Number(page.port), httpPort: 9, path: page.pathname });
  const results = ALL_TESTS.map((test) => test(found)).filter((result) => result.result);
  let [all, without] = [100, 100];
  for (const { constructor, result, pass } of results) {
    const points = getScoreModifier(result);
    all += points;
    without += Math.min(points, 0);
    console.log(`  ${pass ? 'pass' : 'FAIL'} ${String(points).padStart(4)}  ${constructor.name}: ${result}`);
  }
  const score = without >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? all : without;
  console.log(`Observatory: ${getGradeForScore(score).grade}, ${score} points; ${LEAST} is the least`);
  return score >= LEAST && results.length === ALL_TESTS.length && results.every((result) => result.pass);
}

async function cspEvaluator() {
  const { CspEvaluator, DEFAULT_CHECKS, STRICTCSP_CHECKS } = require('csp_evaluator/dist/evaluator.js');
  const { CspParser } = require('csp_evaluator/dist/parser.js');
  const { Severity } = require('csp_evaluator/dist/finding.js');
  const policy = (await fetch(page)).headers.get('content-security-policy');
  const findings = new CspEvaluator(new CspParser(policy).csp).evaluate(STRICTCSP_CHECKS, DEFAULT_CHECKS);
  const grave = [Severity.HIGH, Severity.SYNTAX, Severity.MEDIUM, Severity.HIGH_MAYBE, Severity.MEDIUM_MAYBE];
  for (const { severity, directive, description } of findings) {
    console.log(`  ${grave.includes(severity) ? 'FAIL' : 'note'} ${severity}  ${directive}: ${description}`);
  }
  const bad = findings.filter(({ severity }) => grave.includes(severity)).length;
  console.log(`csp-evaluator: ${bad} findings from HIGH to MEDIUM_MAYBE, ${findings.length - bad} notes`);
  return policy.includes('nonce-') && bad === 0;
}

const verdicts = [await observatory(), await cspEvaluator()];
process.exit(verdicts.every(Boolean) ? 0 : 1);
