// Runs the cases one after the other in a fresh page each, and fails a case also for what the console says.
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { Person } from './person'
import type { Server } from './server'

const flags =
  '--headless --no-sandbox --disable-gpu --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

export interface Case {
  name: string
  /** A page that is not logged in. */
  anonymous?: boolean
  /** The role of the one who is logged in; a commander otherwise. */
  as?: 'analyst' | 'operator' | 'auditor' | 'authority'
  context?: BrowserContextOptions
  /** What the console may say in this case. */
  expected?: RegExp
  run: (person: Person, server: Server) => Promise<void>
}

export const desktop: BrowserContextOptions = {
  viewport: { width: 1440, height: 900 },
  locale: 'fr-FR',
  timezoneId: 'Europe/Paris',
  reducedMotion: 'reduce',
  colorScheme: 'light',
}
export const tablet: BrowserContextOptions = { ...desktop, viewport: { width: 1024, height: 768 }, hasTouch: true }

/** What another device calls itself. */
export const otherAgent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0'

export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  return chromium.launch({ executablePath, args: flags.split(' ') })
}

/** Asking who is logged in, before anyone is, is answered 401, which Chromium reports. The driver's notes are not ours. */
const harmless = /401 \(Unauthorized\)|GL Driver Message|GPU stall/

function listen(page: Page, complaints: string[], expected?: RegExp) {
  const complain = (text: string) => {
    if (!harmless.test(text) && !expected?.test(text)) complaints.push(text)
  }
  page.on('pageerror', (error) => complain(`uncaught: ${error.stack ?? error}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complain(`${message.type()}: ${message.text()}`)
  })
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (
      protocol.startsWith('http') &&
      origin !== new URL(page.url() || request.url()).origin &&
      page.url() !== 'about:blank'
    ) {
      complain(`request to a third party: ${request.url()}`)
    }
  })
}

export async function runCases(cases: Case[], server: Server): Promise<{ passed: number; failed: number }> {
  const browser = await launch()
  const signedIn = new Map<string, ReturnType<typeof signIn>>()
  const cookies = (role: string) => {
    const known = signedIn.get(role) ?? signIn(browser, server, role)
    signedIn.set(role, known)
    return known
  }
  const only = process.argv[2]
  let [passed, failed] = [0, 0]
  for (const one of cases) {
    if (only && !one.name.includes(only)) continue
    const context = await browser.newContext({ ...desktop, ...one.context })
    if (!one.anonymous) await context.addCookies(await cookies(one.as ?? 'commander'))
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const complaints: string[] = []
    listen(page, complaints, one.expected)
    const start = Date.now()
    try {
      await one.run(new Person(page, server.url), server)
      if (complaints.length > 0) throw new Error('the console says:\n' + complaints.join('\n'))
      passed++
      console.log(`ok    ${one.name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
    } catch (error) {
      failed++
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      console.log(`FAIL  ${one.name}\n      ${text.replaceAll('\n', '\n      ')}`)
      await page.screenshot({ path: `test-results/${one.name.replace(/[^\w]+/g, '-')}.png` }).catch(() => undefined)
    }
    await context.close()
  }
  await browser.close()
  return { passed, failed }
}

async function signIn(
  browser: Browser,
  server: Server,
  role: string,
): Promise<Awaited<ReturnType<BrowserContext['cookies']>>> {
  const account = server.accounts[role] ?? server
  const context = await browser.newContext(desktop)
  const answer = await context.request.post(server.url + '/api/session', {
    data: { name: account.user, password: account.password },
  })
  if (!answer.ok()) throw new Error(`log-in: ${answer.status()} ${await answer.text()}`)
  const cookies = await context.cookies()
  await context.close()
  return cookies
}
