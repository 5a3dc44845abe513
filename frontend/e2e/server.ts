// The real server on a data folder of its own, with the demonstration territory; or the one at VIGIE_URL.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const binary = resolve(process.env.VIGIE_BIN ?? '../bin/vigie')

export interface Server {
  url: string
  user: string
  password: string
  /** Log-in of an account that holds a role everywhere, by role; inspector audits a part only. with VIGIE_URL only the account named there. */
  accounts: Record<string, { user: string; password: string }>
  /** Runs a command of vigie against the same store; throws with its output when it fails. Not with VIGIE_URL. */
  vigie?: (args: string[], input?: string) => string
  stop: () => Promise<void>
}

/** Starts the server, or takes the one that VIGIE_URL, VIGIE_USER and VIGIE_PASSWORD name. */
export async function startServer(): Promise<Server> {
  const { VIGIE_URL: url, VIGIE_USER: user, VIGIE_PASSWORD: password } = process.env
  if (url) return { url, user: user ?? '', password: password ?? '', accounts: {}, stop: async () => undefined }
  const data = mkdtempSync(join(tmpdir(), 'vigie-e2e-'))
  const port = await freePort()
  const env = { ...process.env, VIGIE_DATA: data, VIGIE_LISTEN: `127.0.0.1:${port}`, DATABASE_URL: '' }
  const vigie = (args: string[], input = '') => {
    const done = spawnSync(binary, args, { env, input, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`vigie ${args.join(' ')}: ${done.error ?? ''}${done.stdout}${done.stderr}`)
    return done.stdout
  }
  const child = spawn(binary, ['up'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: string[] = []
  child.stdout.on('data', (text) => output.push(String(text)))
  child.stderr.on('data', (text) => output.push(String(text)))
  const address = `http://127.0.0.1:${port}`
  const stop = async () => {
    await end(child)
    rmSync(data, { recursive: true, force: true })
  }
  try {
    await ready(address, child)
    const password = 'e2e-' + Math.random().toString(36).slice(2) + '-Vigie'
    const accounts: Server['accounts'] = {}
    for (const role of ['commander', 'analyst', 'operator', 'auditor', 'authority']) {
      const user = role === 'commander' ? 'e2e' : `e2e-${role}`
      vigie(['user', 'add', user, '--role', role, '--password-stdin'], password + '\n')
      accounts[role] = { user, password }
    }
    // What is told of protected families is fixed by year; the server does it a little later by itself.
    vigie(['counts', 'publish'])
    const inspector = { user: 'e2e-inspector', password }
    vigie(['user', 'add', inspector.user, '--role', 'auditor', '--area', 'fr', '--password-stdin'], password + '\n')
    accounts.inspector = inspector
    return { url: address, user: 'e2e', password, accounts, vigie, stop }
  } catch (error) {
    await stop()
    throw new Error(`${error}\n${output.join('').slice(-4000)}`)
  }
}

async function ready(url: string, child: ChildProcess) {
  const limit = Date.now() + 240_000
  while (Date.now() < limit) {
    if (child.exitCode !== null) throw new Error(`vigie up ended with code ${child.exitCode}`)
    const answer = await fetch(url + '/readyz').catch(() => undefined)
    if (answer?.ok) return
    await new Promise((later) => setTimeout(later, 250))
  }
  throw new Error('vigie up is not ready after four minutes')
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null) return done()
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
    child.once('exit', () => {
      clearTimeout(timer)
      done()
    })
    child.kill('SIGTERM')
  })
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer()
    probe.once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? done(address.port) : fail(new Error('no port'))))
    })
  })
}
