// The forecasts: facts first, the forecast as a layer that somebody switches on, its card, decisions, patrols, stations.
import type { Alert, Decision, Listed, Offer, Run, Value } from '../../src/forecasts/types'
import type { Suggestion } from '../../src/forecasts/patrol'
import type { Page as StationBody } from '../../src/forecasts/stations'
import { equal, soon, truthy } from '../expect'
import { desktop, tablet, type Case } from '../harness'
import type { Person } from '../person'
import { violations } from './accessibility'

const base = '/api/forecasts'
const view = '?v=1&view=forecasts'
const territory = 'demo.99.990'
const phone = { ...desktop, viewport: { width: 390, height: 844 }, hasTouch: true }

interface Order {
  horizon: string
  until: string
  areas?: string[]
  options?: Record<string, string>
}

/** A run of the fictional département, made once for all cases: the same order gives the one that is there. */
async function runOf(person: Person, name: string, { horizon, until, areas = [territory], options }: Order) {
  const { runs } = await person.api<{ runs: Listed[] }>(`${base}/${name}/runs`, { area: areas[0], limit: 100 })
  const wanted = Date.parse(until)
  const there = runs.find(
    (run) =>
      run.horizon === horizon && Date.parse(run.until) === wanted && String(run.areas) === String(areas) && !options,
  )
  if (there) return there.run
  const answer = await person.page.request.post(`${person.url}${base}/${name}/runs`, {
    data: { areas, horizon, until, options },
    timeout: 120_000,
  })
  if (!answer.ok()) throw new Error(`${name}: ${answer.status()} ${await answer.text()}`)
  const { run, job } = (await answer.json()) as { run?: string; job?: string }
  if (run) return run
  const done = await soon(
    () => person.api<{ status: string; message?: string }>(`/ogc/jobs/${job}`),
    ({ status }) => status !== 'accepted' && status !== 'running',
    `the run of ${name}`,
    240_000,
  )
  equal(done.status, 'successful', `the run of ${name}: ${done.message}`)
  return job as string
}

const thefts = (person: Person) => runOf(person, 'cartheft', { horizon: 'P14D', until: '2025-12-15T23:00:00Z' })
const calls = async (person: Person) => {
  await runOf(person, 'firestations', { horizon: 'P14D', until: '2025-12-30T23:00:00Z' })
  return runOf(person, 'firestations', { horizon: 'P14D', until: '2025-12-31T23:00:00Z' })
}
const accidents = (person: Person) => runOf(person, 'accidents', { horizon: 'P1M', until: '2025-11-30T23:00:00Z' })

const mapReady = (person: Person, n = 1) =>
  soon(
    () => person.page.locator('.map[data-ready=true]').count(),
    (count) => count === n,
    `${n} maps`,
    30_000,
  )
const heading = (person: Person) => person.page.locator('[data-test=period]')
const pressed = (person: Person, layer: string) =>
  person.page.locator(`[data-layer="${layer}"]`).getAttribute('aria-pressed')

/** No target is smaller than a fingertip. */
async function fingers(person: Person, within = 'main') {
  const small = await person.page
    .locator(`${within} :is(button, a.button, select, input, summary)`)
    .evaluateAll((all) =>
      all
        .filter((one) => (one as HTMLElement).offsetParent && !one.classList.contains('link'))
        .map((one) => ({ box: one.getBoundingClientRect(), text: one.textContent?.trim() || one.id }))
        .filter(({ box }) => box.height < 43.5 && box.width > 0)
        .map(({ box, text }) => `${text}: ${Math.round(box.width)} × ${Math.round(box.height)}`),
    )
  return small.filter((text) => !/^(decision|on|horizon)?: (1|2)\d ×/.test(text))
}

export const forecasts: Case[] = [
  {
    name: 'forecasts: facts come first, the forecast is switched on beside them, and the link keeps it',
    run: async (person) => {
      const { page } = person
      const id = await thefts(person)
      await person.open(`${view}&p.name=cartheft&p.run=${id}`)
      await heading(person).waitFor()
      equal(await pressed(person, 'facts'), 'true', 'facts at first')
      equal(await page.locator('[data-test=vsup]').count(), 0, 'legends of a forecast at first')
      const run = await person.api<Run>(`${base}/runs/${id}`)
      equal(run.card.usable, true, 'a usable signal')
      truthy((await heading(person).innerText()).startsWith('Prévision du 16 déc. 2025'), 'the period')
      truthy(
        (await page.locator('.head').innerText()).includes('apprise des faits connus le 16 déc. 2025'),
        'until when',
      )
      truthy((await page.locator('[data-test=fresh]').innerText()).length > 0, 'how fresh')
      truthy((await page.locator('[data-test=verdict]').innerText()).includes(run.card.verdict.fr), 'the verdict')
      await mapReady(person)
      await page.locator('[data-layer=forecast]').click()
      await page.locator('[data-test=vsup]').waitFor()
      equal(person.query().get('p.layer'), 'forecast', 'the address')
      const rows = page.locator('[data-test=vsup] tbody tr')
      const colours = await rows.evaluateAll((all) => all.map((row) => row.querySelectorAll('.cell').length))
      equal(colours.slice(0, 4), [8, 4, 2, 1], 'colours of the legend, from sure to not')
      await page.locator('[data-layer=both]').click()
      await mapReady(person, 2)
      // What one map does, the other follows.
      await page.locator('.map').first().locator('.maplibregl-ctrl-zoom-in').click()
      await soon(
        () => page.locator('.maplibregl-ctrl-scale').allInnerTexts(),
        ([a, b]) => a === b,
        'the scales of both maps',
      )
      await soon(
        () => person.query().get('z'),
        (z) => !!z,
        'the camera in the address',
      )
      await page.reload()
      await mapReady(person, 2)
      equal(await pressed(person, 'both'), 'true', 'the layers after a reload')
      await page.goBack()
      await page.locator('[data-layer=forecast][aria-pressed=true]').waitFor()
    },
  },
  {
    name: 'forecasts: the table says what the map says, by keyboard, and opens a place',
    run: async (person) => {
      const { page } = person
      const id = await thefts(person)
      await person.open(`${view}&p.name=cartheft&p.run=${id}&p.part=table`)
      const table = page.locator('[data-test=values]')
      await table.waitFor()
      const { values } = await person.api<{ values: Value[] }>(`${base}/runs/${id}/values`, { rank: 3, kind: '' })
      equal(await table.locator('tbody tr').count(), 200, 'rows')
      const cells = await table.locator('tbody tr').first().locator('td').allInnerTexts()
      equal(cells[0], '1', 'the best rank')
      truthy(/sur 10|chaque|par jour/.test(cells.join(' ')), `plain words in ${cells.join(' | ')}`)
      await table.getByRole('button', { name: /L’an dernier/ }).focus()
      await page.keyboard.press('Enter')
      equal(
        await table.locator('th[aria-sort]').getAttribute('aria-sort'),
        'descending',
        'sorted by last year, most first',
      )
      await table.getByRole('button', { name: /^Rang/ }).click()
      await table.locator('tbody button').first().focus()
      await page.keyboard.press('Enter')
      await page.locator('[data-test=place]').waitFor()
      equal(person.query().get('p.place'), values[0].id, 'the place in the address')
      await page.locator('[data-test=plain]').waitFor()
      await mapReady(person)
    },
  },
  {
    name: 'forecasts: the card says how sure it may be taken',
    run: async (person) => {
      const { page } = person
      const id = await thefts(person)
      const { card } = await person.api<Run>(`${base}/runs/${id}`)
      await person.open(`${view}&p.name=cartheft&p.run=${id}&p.part=card`)
      await page.locator('[data-test=backtest]').waitFor()
      equal(await page.locator('[data-test=backtest] tbody tr').count(), card.backtest?.length, 'rows of the back-test')
      equal(await page.locator('[data-test=reliability] tbody tr').count(), card.reliability?.length, 'classes')
      equal(await page.locator('figure circle').count(), card.reliability?.length, 'points of the diagram')
      equal(await page.locator('[data-test=equity] tbody tr').count(), card.equity?.length, 'areas')
      const text = await page.locator('article').innerText()
      for (const part of [card.to_beat, ...(card.limits ?? []), ...(card.chosen ?? [])]) {
        truthy(text.includes(part.fr), `“${part.fr}” is on the card`)
      }
    },
  },
  {
    name: 'forecasts: a run is started from the form, shows its progress, and opens',
    run: async (person) => {
      const { page } = person
      await person.open(`${view}&p.name=cartheft`)
      await person.button('Lancer un calcul').first().click()
      await page.locator('#horizon').selectOption('P7D')
      await page.locator('.chips button').first().waitFor()
      await page.locator('.chips button').first().click()
      await person.button('Lancer').last().click()
      await page.getByText('Choisissez au moins un secteur').waitFor()
      await page.locator('#area-find').fill('Valmarne')
      await page.getByRole('option').first().waitFor()
      await page.keyboard.press('Enter')
      await page.locator('input[type=date]').fill('2025-12-01')
      await person.button('Lancer').last().focus()
      await page.keyboard.press('Enter')
      await page.locator('[data-test=progress] progress').waitFor()
      await heading(person).waitFor({ timeout: 120_000 })
      const run = await person.api<Run>(`${base}/runs/${person.query().get('p.run')}`)
      equal([run.horizon, run.until], ['P7D', '2025-11-30T23:00:00Z'], 'what was ordered')
    },
  },
  {
    name: 'forecasts: no usable signal is said calmly, and no layer is offered',
    run: async (person) => {
      const { page } = person
      // In a countryside of 20 communes thefts are too few to beat their count.
      const { areas } = await person.api<{ areas: { path: string; count: number }[] }>('/api/area-counts', {
        level: 'commune',
        category: 'vehicle.theft',
        limit: 500,
      })
      let id: string | undefined
      for (const { path } of areas.filter(({ count }) => count > 20).reverse()) {
        const order = { horizon: 'P14D', until: '2025-12-15T23:00:00Z', areas: [path] }
        id = await runOf(person, 'cartheft', order).catch(() => undefined)
        if (id && !(await person.api<Run>(`${base}/runs/${id}`)).card.usable) break
        id = undefined
      }
      if (!id) throw new Error('no commune without a signal')
      await person.open(`${view}&p.name=cartheft&p.run=${id}&p.layer=forecast`)
      await page.locator('[data-test=verdict]', { hasText: 'Pas de signal exploitable' }).waitFor()
      equal(await page.locator('[data-layer]').count(), 0, 'layers to choose')
      equal(await page.locator('[data-test=vsup]').count(), 0, 'legends of a forecast')
      equal(await person.button('Patrouilles').count(), 0, 'suggestions of patrols')
      await person.button('Tableau').last().click()
      await page.locator('[data-test=values], .content p').first().waitFor()
      equal(await page.getByText('Attendu', { exact: true }).count(), 0, 'columns of the forecast')
    },
  },
  {
    name: 'forecasts: a decision is logged with its reason',
    run: async (person) => {
      const { page } = person
      const id = await thefts(person)
      await person.open(`${view}&p.name=cartheft&p.run=${id}&p.part=decisions`)
      await person.button('Consigner la décision').click()
      await page.getByText('Dites pourquoi').waitFor()
      await page.getByRole('radio', { name: 'Suivie en partie' }).check()
      await page.locator('#decision-note').fill('Deux secteurs étaient déjà couverts.')
      await person.button('Consigner la décision').click()
      await page.getByText('Décision consignée').waitFor()
      const { decisions } = await person.api<{ decisions: Decision[] }>(`${base}/runs/${id}/decisions`)
      const last = decisions[decisions.length - 1]
      equal([last.decision, last.note], ['partly', 'Deux secteurs étaient déjà couverts.'], 'what is kept')
      truthy((await page.locator('[data-test=decisions]').innerText()).includes(last.note), 'what is shown')
    },
  },
  {
    name: 'forecasts: patrols are suggested with a share drawn by chance, and decided on',
    run: async (person) => {
      const { page } = person
      const id = await thefts(person)
      await person.open(`${view}&p.name=cartheft&p.run=${id}&p.part=patrol`)
      await page.locator('#patrol-hours').fill('1')
      await person.button('Proposer').click()
      await page.getByText('Donnez un nombre d’heures').waitFor()
      await page.locator('#patrol-hours').fill('20')
      await page.locator('input[type=range]').focus()
      for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
      await person.button('Proposer').click()
      await page.locator('[data-test=tour]').waitFor()
      const made = await person.api<Suggestion>(`/api/cartheft/suggestions/${person.query().get('p.tour')}`)
      equal(made.exploration, 0.1, 'the share asked for is at most a tenth')
      truthy(made.explored >= 0.05 && made.explored <= 0.1, `a share of ${made.explored}`)
      equal(await page.locator('[data-test=slots] tbody tr').count(), made.slots?.length, 'visits')
      const drawn = made.slots?.filter(({ why }) => why === 'exploration').length
      equal(await page.locator('[data-test=slots] .drawn').count(), drawn, 'visits drawn by chance')
      await page.getByRole('radio', { name: 'Non suivie' }).check()
      await page.locator('#decision-note').fill('Effectifs engagés ailleurs.')
      await person.button('Consigner la décision').click()
      await page.locator('[data-test=tour-decisions]', { hasText: 'Effectifs engagés ailleurs.' }).waitFor()
    },
  },
  {
    name: 'forecasts: stations, one of them, its crews by keyboard; in English',
    run: async (person) => {
      const { page } = person
      await calls(person)
      await person.open(`${view}&p.name=firestations&lang=en`)
      const table = page.locator('[data-test=stations]')
      await table.waitFor()
      const all = await table.locator('tbody tr').count()
      truthy(all > 10, `${all} stations`)
      const name = await table.locator('tbody button').first().innerText()
      await page.locator('#find-station').fill(name)
      await soon(
        () => table.locator('tbody tr').count(),
        (n) => n < all,
        'the search',
      )
      await table.locator('tbody button').first().focus()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name }).waitFor()
      const station = person.query().get('p.station') ?? ''
      const body = await person.api<StationBody>(`/api/firestations/stations/${encodeURIComponent(station)}`)
      equal(body.next48h?.length, 48, 'hours')
      equal(body.next14d?.length, 14, 'days')
      truthy(
        (await page.locator('[data-test=yesterday]').innerText()).includes(`${body.yesterday?.observed} calls on`),
        'yesterday',
      )
      await page.getByText('The same values as a table').nth(1).click()
      equal(await page.locator('details[open] table').first().locator('tbody tr').count(), 48, 'the hours as a table')
      const kind = page.locator('[data-test=kind]')
      await kind.selectOption({ index: 1 })
      await soon(
        () => person.query().get('p.kind'),
        (value) => !!value,
        'the kind in the address',
      )
      const crews = page.locator('[data-test=crews]')
      await crews.locator('table tbody tr').first().waitFor({ timeout: 60_000 })
      const before = await crews.locator('output').innerText()
      await page.locator('#service').focus()
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
      truthy((await crews.locator('output').innerText()) !== before, 'another level')
      equal(person.query().get('p.service'), '980', 'the level in the address')
      truthy(/would have cost/.test(await crews.innerText()), 'what it would have cost')
      await page.getByRole('button', { name: 'All stations' }).click()
      await table.waitFor()
    },
  },
  {
    name: 'forecasts: roads by the hour of the week, and rates as facts',
    run: async (person) => {
      const { page } = person
      const id = await accidents(person)
      await person.open(`${view}&p.name=accidents&p.run=${id}&p.layer=forecast`)
      await mapReady(person)
      await page.locator('[data-test=day]').selectOption('4')
      await person.button('Heure suivante').click()
      equal(person.query().get('p.hour'), String(4 * 24 + 19), 'the hour in the address')
      truthy((await page.locator('[data-test=vsup]').innerText()).includes('à cette heure-là'), 'the legend')
      await person.button('Taux').click()
      await page.locator('[data-test=ratios]').waitFor()
      truthy((await page.locator('main').innerText()).includes('Des faits, pas une prévision'), 'that they are facts')
      await page.locator('[data-test=ratios] tbody button').first().focus()
      await page.keyboard.press('Enter')
      await person.button(/ZAAC/).click()
      equal(person.query().get('p.layer'), 'zaac', 'the zones in the address')
      await page.getByText('Règle historique').waitFor({ timeout: 60_000 })
    },
  },
  {
    name: 'forecasts: what a protected family would tell is closed to an analyst, with words',
    as: 'analyst',
    expected: /403|404/,
    run: async (person, server) => {
      const { page } = person
      await person.open(view + '&p.name=cartheft')
      await page.locator('[data-test=closed]').waitFor()
      equal(await person.button('Lancer un calcul').count(), 0, 'runs to start')
      truthy(server.accounts.commander, 'a commander')
      const mine = await person.page.request.post(`${person.url}${base}/cartheft/runs`, {
        data: { areas: [territory], horizon: 'P14D' },
      })
      equal(mine.status(), 403, 'a run of what is closed')
    },
  },
  {
    name: 'forecasts: a run that there is not says so',
    expected: /404/,
    run: async (person) => {
      await person.open(`${view}&p.name=cartheft&p.run=00000000-0000-4000-8000-000000000000`)
      await person.page.locator('[role=alert]', { hasText: 'Introuvable' }).waitFor()
    },
  },
  {
    name: 'forecasts: where nothing was run yet, the room says what a run is',
    anonymous: true,
    // The demonstration has no area of that name.
    expected: /404/,
    run: async (person, server) => {
      const account = { name: 'e2e-elsewhere', password: server.password }
      server.vigie?.(
        ['user', 'add', account.name, '--role', 'commander', '--area', 'fr', '--password-stdin'],
        account.password + '\n',
      )
      await person.page.request.post(person.url + '/api/session', { data: account })
      await person.open(view + '&p.name=cartheft')
      await person.page.locator('[data-test=no-run]').waitFor()
      equal(await person.button('Lancer un calcul').count(), 2, 'ways to start one')
    },
  },
]

// Both languages and both themes, each once; a tablet for fingers, a phone for width.
for (const [lang, theme] of [
  ['fr', 'day'],
  ['en', 'night'],
]) {
  forecasts.push({
    name: `forecasts: accessibility, ${lang}, ${theme}`,
    context: tablet,
    run: async (person) => {
      const { page } = person
      const run = await thefts(person)
      const station = await calls(person)
      const look = `&lang=${lang}&theme=${theme}`
      const at = (query: string) => person.open(`${view}${query}${look}`)
      const check = async (where: string) => {
        equal(await violations(page), [], `violations: ${where}`)
        equal(await fingers(person), [], `targets: ${where}`)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        truthy(wide <= 0, `${where} is ${wide} px too wide`)
      }
      await at(`&p.name=cartheft&p.run=${run}&p.layer=both`)
      await mapReady(person, 2)
      await check('map')
      await at(`&p.name=cartheft&p.run=${run}&p.part=table`)
      await page.locator('[data-test=values]').waitFor()
      await check('table')
      await at(`&p.name=cartheft&p.run=${run}&p.part=card`)
      await page.locator('[data-test=backtest]').waitFor()
      await check('card')
      await at(`&p.name=cartheft&p.run=${run}&p.part=decisions`)
      await page.locator('[data-test=decide] [type=submit]').click()
      await check('decisions')
      await at(`&p.name=cartheft&p.do=new`)
      await page.locator('#horizon').waitFor()
      await check('new run')
      await at(`&p.name=cartheft&p.run=${run}&p.part=patrol`)
      await page.locator('form [type=submit]').first().click()
      await page.locator('[data-test=slots]').waitFor()
      await check('patrols')
      await at(`&p.name=firestations&p.run=${station}`)
      await page.locator('[data-test=stations] tbody button').first().click()
      await page.locator('[data-test=crews] table').waitFor({ timeout: 60_000 })
      await check('station')
      await at(`&p.name=accidents&p.do=ratios`)
      await page.locator('[data-test=ratios]').waitFor()
      await check('rates')
    },
  })
}

forecasts.push({
  name: 'forecasts: a glance on a phone',
  context: phone,
  run: async (person) => {
    const { page } = person
    await calls(person)
    for (const part of ['stations', 'map', 'table', 'card']) {
      await person.open(`${view}&p.name=firestations&p.part=${part}`)
      await heading(person).waitFor()
      await page.waitForLoadState('networkidle')
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      truthy(wide <= 0, `${part} is ${wide} px too wide`)
    }
    const { alerts } = await person.api<{ alerts: Alert[] }>(base + '/alerts')
    equal(await page.locator('[data-test=alert]').count(), alerts.length > 0 ? 1 : 0, 'banners of alerts')
    const offers = await person.api<{ forecasts: Offer[] }>(base)
    equal(offers.forecasts.length, 3, 'forecasts on offer')
  },
})
