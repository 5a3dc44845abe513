// Browser tests of the product: the real server, the real browser, no stand-ins.
// `npm run e2e`, or with part of a case's name after `--`. VIGIE_URL, VIGIE_USER and VIGIE_PASSWORD name another server.
import { mkdirSync } from 'node:fs'
import { accessibility } from './cases/accessibility'
import { account } from './cases/account'
import { checkpoints } from './cases/checkpoints'
import { filters } from './cases/filters'
import { forecasts } from './cases/forecasts'
import { golden } from './cases/golden'
import { guard } from './cases/guard'
import { journal } from './cases/journal'
import { links } from './cases/links'
import { live } from './cases/live'
import { login } from './cases/login'
import { map } from './cases/map'
import { settings } from './cases/settings'
import { time } from './cases/time'
import { twin } from './cases/twin'
import { runCases } from './harness'
import { startServer } from './server'

mkdirSync('test-results', { recursive: true })
const server = await startServer()
let failed = 1
try {
  // The live cases change the data: they come last.
  const cases = [
    login,
    map,
    time,
    filters,
    twin,
    links,
    settings,
    account,
    guard,
    journal,
    checkpoints,
    forecasts,
    accessibility,
    golden,
    live,
  ].flat()
  const result = await runCases(cases, server)
  failed = result.failed
  console.log(`${result.passed} passed, ${result.failed} failed`)
} finally {
  await server.stop()
}
process.exit(failed > 0 ? 1 : 0)
