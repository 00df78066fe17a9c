// The login service over TLS on a port of this machine, under a certificate that is made for it, and a browser that trusts it.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const PROGRAM = process.env.LOGIN_SERVICE ?? 'target/debug/login-service';

export class Service {
  #folder = mkdtempSync(join(tmpdir(), 'palisade-browser-'));
  #lines = [];
  #waiting = [];
  #process;

  static async start() {
    const service = new Service();
    service.port = await freePort();
    service.origin = `https://localhost:${service.port}`;
    service.#certify();
    await service.restart();
    return service;
  }

  // As an orchestrator does it; sessions outlive it.
  async restart(...more) {
    await this.#end();
    const options = ['--listen', `127.0.0.1:${this.port}`, '--data', join(this.#folder, 'data'), '--origin', this.origin];
    options.push('--tls-cert', this.certificate, '--tls-key', this.key, ...more);
    this.#process = spawn(PROGRAM, options, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const waiting = this.#waiting.shift();
      waiting ? waiting(line) : this.#lines.push(line);
    });
    assert.match(await this.line(), /^login-service: https:/);
  }

  // The next line that the service prints.
  line() {
    if (this.#lines.length > 0) return Promise.resolve(this.#lines.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop() {
    await this.#end();
    rmSync(this.#folder, { recursive: true });
  }

  // Trusts the service's key and no other.
  async browser() {
    const key = new X509Certificate(readFileSync(this.certificate)).publicKey.export({ type: 'spki', format: 'der' });
    const pin = createHash('sha256').update(key).digest('base64');
    const args = [`--ignore-certificate-errors-spki-list=${pin}`];
    if (process.getuid() === 0) args.push('--no-sandbox');
    const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
    assert(executablePath, 'there is no chromium: apt-get install chromium');
    return chromium.launch({ executablePath, args });
  }

  #certify() {
    this.certificate = join(this.#folder, 'certificate.pem');
    this.key = join(this.#folder, 'key.pem');
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const usage = ['-addext', names, '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', this.key];
    const command = ['req', '-x509', ...key, '-out', this.certificate, '-days', '30', '-subj', '/CN=localhost', ...usage];
    execFileSync('openssl', command, { stdio: 'ignore' });
  }

  async #end() {
    if (!this.#process) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    assert.equal(await ended, 0, 'the service ends in order');
    this.#process = undefined;
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
