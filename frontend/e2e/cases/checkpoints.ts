// The commander's work on checkpoints: from three clicks to the signed order, the hands on the plan, the reports.
import { readFileSync } from 'node:fs'
import type { Features, Filed, Listed, Options, Resource, SiteFeature } from '../../src/checkpoints/types'
import { equal, soon, truthy } from '../expect'
import { desktop, tablet, type Case } from '../harness'
import type { Person } from '../person'
import { violations } from './accessibility'

const base = '/api/checkpoints'
const portrait = { ...desktop, viewport: { width: 768, height: 1024 }, hasTouch: true }

async function post<T>(person: Person, path: string, data: unknown): Promise<T> {
  const answer = await person.page.request.post(person.url + base + path, { data, timeout: 60_000 })
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`)
  return (await answer.json()) as T
}

const planOf = (person: Person, id: string) => person.api<Resource>(`${base}/plans/${id}`)

/** A plan of the fictional département with the same draw in every case: two teams on one evening. */
async function plan(person: Person, title: string): Promise<Resource> {
  const [{ path }] = (
    await person.api<{ areas: { path: string }[] }>('/api/area-counts', { level: 'departement', limit: 1 })
  ).areas
  const { defaults, units } = await person.api<Options>(base + '/options', { area: path })
  const chosen = (units ?? [])
    .filter(({ kind, on_network }) => on_network && kind === 'gendarmerie.motorised')
    .slice(0, 2)
  const teams = chosen.map(({ id }) => ({ unit: id, teams: 1, slots: 2, earliest: 18, latest: 24 }))
  return post(person, '/plans', { ...defaults, title, from: '2026-12-04', to: '2026-12-04', teams, seed: '5eed' })
}

async function open(person: Person, { id }: Resource, more = '') {
  await person.open(`?v=1&view=checkpoints&k.plan=${id}${more}`)
  await person.page.locator('[data-test=share], .content h2, [data-test=posts]').first().waitFor()
}

const mapReady = (person: Person) => person.page.locator('.map[data-ready=true]').waitFor({ timeout: 20_000 })
const marker = (person: Person, id: string) => person.page.locator(`.post-marker[data-post="${id}"]`)
const price = (person: Person) => person.page.locator('[data-test=price]')

/** Where a place is on the screen, from two posts of which the place is known. */
async function onScreen(person: Person, { plan }: Resource, ids: [string, string], [lon, lat]: [number, number]) {
  const at = async (id: string) => {
    const box = await person.box(marker(person, id))
    const site = plan.sites?.find((site) => site.id === plan.posts?.find((post) => post.id === id)?.site)
    if (!site) throw new Error(`no site of ${id}`)
    return { x: box.x + box.width / 2, y: box.y + box.height / 2, lon: site.position[0], lat: site.position[1] }
  }
  const mercator = (degrees: number) => (Math.log(Math.tan(Math.PI / 4 + (degrees * Math.PI) / 360)) * 180) / Math.PI
  const [a, b] = [await at(ids[0]), await at(ids[1])]
  const scale = (b.x - a.x) / (b.lon - a.lon)
  return { from: a, to: { x: a.x + (lon - a.lon) * scale, y: a.y - (mercator(lat) - mercator(a.lat)) * scale } }
}

export const checkpoints: Case[] = [
  {
    name: 'checkpoints: three clicks to a plan, and from there to its order',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      await person.button('Contrôles').click()
      await person.button('Nouveau plan').click()
      await page.locator('[data-unit]').first().waitFor()
      await person.button('Proposer un plan').click()
      await page.locator('[data-test=share]').waitFor({ timeout: 40_000 })
      const made = await planOf(person, person.query().get('k.plan') ?? '')
      equal(made.state, 'draft', 'the state')
      const share = await page.locator('[data-test=share]').innerText()
      const want = (Math.round(made.plan.price.share * 1000) / 10).toLocaleString('fr-FR', { maximumFractionDigits: 1 })
      truthy(share.startsWith(want), `“${share}” says ${want}`)
      truthy(made.plan.price.share >= 0.95 && made.plan.price.certificate !== '', 'a proven plan')
      truthy((await page.locator('[data-test=bits]').innerText()).includes('bit'), 'bits in words')
      // Every slot shows its posts, on the map and in the list.
      const slots = page.locator('[data-slot]')
      equal(await slots.count(), new Set(made.plan.posts?.map(({ slot }) => Date.parse(slot))).size, 'slots')
      await person.button('Créneau suivant').click()
      const at = Number(await page.locator('[data-slot][aria-pressed=true]').getAttribute('data-slot'))
      const here = made.plan.posts?.filter(({ slot }) => Date.parse(slot) === at).map(({ id }) => id)
      await soon(
        () => page.locator('.post-marker').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.post)),
        (ids) => JSON.stringify([...ids].sort()) === JSON.stringify([...(here ?? [])].sort()),
        `the posts ${here} of the slot on the map`,
      )
      equal(await page.locator('.pick').count(), here?.length, 'the posts in the list')
      await person.button('Décision et ordre').click()
      const download = page.waitForEvent('download')
      await page.locator('[data-file="order.pdf"]').click()
      const file = await (await download).path()
      equal(readFileSync(file).subarray(0, 5).toString(), '%PDF-', 'the beginning of the order')
    },
  },
  {
    name: 'checkpoints: a wrong request says what to change, at the field',
    run: async (person) => {
      const { page } = person
      await person.open('?v=1&view=checkpoints&k.do=new')
      await page.locator('[data-unit]').first().waitFor()
      const ticked = page.locator('[data-unit]:checked')
      while ((await ticked.count()) > 0) await ticked.first().uncheck()
      await page.locator('#to').fill('2020-01-01')
      await page.getByRole('radio', { name: /78-2-2/ }).check()
      await person.button('Proposer un plan').click()
      const problems = page.locator('[data-test=problems]')
      await problems.waitFor()
      equal(await problems.locator('li').count(), 3, 'problems')
      equal(await problems.evaluate((box) => box === document.activeElement), true, 'the focus on them')
      equal(await page.locator('#to').getAttribute('aria-invalid'), 'true', 'the period')
      equal(await page.locator('#reference').getAttribute('aria-invalid'), 'true', 'the reference')
    },
  },
  {
    name: 'checkpoints: a dragged post shows its price at once; keep, undo, lock, forbid',
    run: async (person) => {
      const { page } = person
      const made = await plan(person, 'Glisser')
      const first = made.plan.posts![0]
      const beside = made.plan.posts!.find(({ id, slot }) => id !== first.id && slot === first.slot)!
      await open(person, made, `&k.slot=${encodeURIComponent(first.slot)}&k.post=${first.id}`)
      await mapReady(person)
      const { features } = await person.api<Features<SiteFeature>>(`${base}/plans/${made.id}/sites`, {
        slot: first.slot,
        post: first.id,
      })
      const sites = new Map(made.plan.sites!.map((site) => [site.id, site.position]))
      const [lon, lat] = sites.get(first.site)!
      const far = features!
        .filter(({ properties: { id, reachable } }) => reachable && id !== first.site)
        .sort((a, b) => distance(b) - distance(a))
      function distance({ geometry: { coordinates: c } }: SiteFeature) {
        return Math.min(0.12, Math.hypot(c[0] - lon, c[1] - lat))
      }
      const { from, to } = await onScreen(person, made, [first.id, beside.id], far[0].geometry.coordinates)
      await page.waitForTimeout(300) // the list of sites has come
      await person.drag(from, to)
      await price(person).getByText('1 changement non enregistré').waitFor()
      const moved = await planOf(person, made.id)
      equal(moved.revision, made.revision, 'a preview is not kept')
      truthy(/→ .* de l’optimum/.test(await price(person).innerText()), 'the price')
      await person.button('Garder').click()
      await soon(
        async () => (await planOf(person, made.id)).revision,
        (n) => n > made.revision,
        'a revision',
      )
      const kept = await planOf(person, made.id)
      truthy(kept.plan.posts!.find(({ id }) => id === first.id)!.site !== first.site, 'the post is elsewhere')
      await person.button('Annuler la dernière version').click()
      await soon(
        async () => (await planOf(person, made.id)).plan.posts!.find(({ id }) => id === first.id)!.site,
        (site) => site === first.site,
        'back where it was',
      )
      // Lock and forbid are changes like others: two of them, of which the last is taken back.
      await person.button('Verrouiller').click()
      await price(person).getByText('1 changement non enregistré').waitFor()
      await person.button('Interdire ce lieu').click()
      await page.waitForFunction(() => !document.querySelector('.acts [disabled]'))
      const text = await page.locator('main').innerText()
      truthy(/2 changements non enregistrés/.test(text) || /verrouill/i.test(text), 'forbidding a locked site')
      await person
        .button(/^Tout abandonner|^Annuler le dernier/)
        .first()
        .click()
      await page.locator('.views button').first().waitFor()
    },
  },
  {
    name: 'checkpoints: the keyboard alone moves a post; somebody else’s change is noticed',
    expected: /409/,
    run: async (person) => {
      const { page } = person
      const made = await plan(person, 'Clavier')
      await open(person, made, '&k.part=table')
      // From the table to the post, from the post to another site.
      await page.locator('[data-test=posts] tbody button').first().focus()
      await page.keyboard.press('Enter')
      const id = person.query().get('k.post')
      await person.button('Carte').last().focus()
      await page.keyboard.press('Enter')
      await person.button('Déplacer…').focus()
      await page.keyboard.press('Enter')
      await page.locator('.choices button').first().waitFor()
      await page.locator('.choices button').first().focus()
      await page.keyboard.press('Enter')
      await price(person).getByText('1 changement non enregistré').waitFor()
      // Meanwhile a colleague locks another post.
      const other = made.plan.posts!.find((post) => post.id !== id)!
      await post(person, `/plans/${made.id}/changes`, {
        base: made.revision,
        changes: [{ op: 'lock', post: other.id }],
      })
      await person.button('Garder').focus()
      await page.keyboard.press('Enter')
      await page.getByText('Ce plan a été changé par quelqu’un d’autre').waitFor()
      await person.button(/Charger la version actuelle/).focus()
      await page.keyboard.press('Enter')
      await page.getByText('Ce plan a été changé par quelqu’un d’autre').waitFor({ state: 'detached' })
      await price(person).getByText('1 changement non enregistré').waitFor()
      await page.waitForFunction(() => !document.querySelector('.acts [disabled]'))
      await person.button('Garder').focus()
      await page.keyboard.press('Enter')
      const { posts } = (
        await soon(
          () => planOf(person, made.id),
          ({ revision }) => revision === made.revision + 2,
          'both changes',
        )
      ).plan
      equal(posts!.find((one) => one.id === other.id)!.locked, true, 'the colleague’s lock')
      truthy(
        posts!.find((one) => one.id === id)!.site !== made.plan.posts!.find((one) => one.id === id)!.site,
        'the moved post',
      )
    },
  },
  {
    name: 'checkpoints: approve, then the plan stands still',
    run: async (person) => {
      const { page } = person
      const made = await plan(person, 'Signer')
      await open(person, made, '&k.part=order')
      await person.button('Approuver et signer').click()
      equal(await page.locator('[aria-invalid=true]').count(), 2, 'fields to fill in')
      await page.locator('#reference').fill('COB 2026/118')
      await page.locator('#authority').fill('Capitaine, OPJ')
      await person.button('Approuver et signer').click()
      await page.locator('[data-test=state]', { hasText: 'Approuvé' }).waitFor()
      equal((await planOf(person, made.id)).approval?.reference, 'COB 2026/118', 'the reference')
      await person.button('Carte').last().click()
      await mapReady(person)
      await page.locator('.pick').first().click()
      await page.locator('[data-test=post]').waitFor()
      for (const name of ['Déplacer…', 'Garder', 'Proposer à nouveau']) {
        equal(await person.button(name).count(), 0, `“${name}” on an approved plan`)
      }
      await person.button('Tous les plans').click()
      const { plans } = await person.api<{ plans: Listed[] }>(base + '/plans', { state: 'approved' })
      await page.locator('#state').selectOption('approved')
      await soon(
        () => page.locator('.plans tbody tr').count(),
        (n) => n === plans.length,
        'approved plans',
      )
    },
  },
  {
    name: 'checkpoints: reports on a tablet, without a network for a while, and the closing',
    context: portrait,
    expected: /ERR_INTERNET_DISCONNECTED|Failed to fetch/,
    run: async (person) => {
      const { page } = person
      const made = await plan(person, 'Rendre')
      const order = { base: made.revision, reference: 'n° 1', authority: 'OPJ' }
      await post(person, `/plans/${made.id}/approval`, order)
      await open(person, made, '&k.part=reports')
      const more = person.button('Contrôles (véhicules arrêtés) : un de plus')
      const box = await person.box(more)
      truthy(Math.min(box.width, box.height) >= 44, `a target of ${box.width} × ${box.height}`)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      truthy(wide <= 0, `the page is ${wide} px too wide`)
      for (let i = 0; i < 3; i++) await more.tap()
      await person.button('Alcool : un de plus').tap()
      await page.context().setOffline(true)
      await person.button('Enregistrer le compte rendu').tap()
      await page.locator('[data-test=unsent]').waitFor()
      equal(await page.locator('#checks').inputValue(), '3', 'the form keeps what was typed')
      await page.context().setOffline(false)
      await soon(
        async () => (await person.api<{ reports: Filed[] }>(`${base}/plans/${made.id}/reports`)).reports.length,
        (n) => n === 1,
        'sent when the network is back',
        20_000,
      )
      const [{ checks, positives }] = (await person.api<{ reports: Filed[] }>(`${base}/plans/${made.id}/reports`))
        .reports
      equal([checks, positives.alcohol], [3, 1], 'the counts')
      equal(await violations(page), [], 'violations')
      await page.locator('[data-test=unsent]').waitFor({ state: 'detached' })
      await person.button('Clore les comptes rendus').tap()
      await page.locator('[data-test=state]', { hasText: 'Exécuté' }).waitFor()
      await person.button('Évaluation').tap()
      await person.button('Évaluer ce plan').tap()
      await page.locator('[data-test=verdict]').waitFor({ timeout: 30_000 })
    },
  },
  ...[
    { lang: 'fr', theme: 'day' },
    { lang: 'en', theme: 'night' },
  ].map(({ lang, theme }): Case => ({
    name: `checkpoints: accessibility, ${lang}, ${theme}`,
    context: theme === 'night' ? tablet : desktop,
    run: async (person) => {
      const { page } = person
      const made = await plan(person, 'Lire')
      const stop = async (more: string, wait: string) => {
        await person.open(`?v=1&view=checkpoints&lang=${lang}&theme=${theme}${more}`)
        await page.locator(wait).first().waitFor()
        equal(await violations(page), [], `violations at ${more || 'the list'}`)
      }
      await stop('', '.plans tbody tr')
      await stop('&k.do=new', '[data-unit]')
      await stop('&k.do=sites', '.scroll tbody tr')
      const here = `&k.plan=${made.id}&k.post=${made.plan.posts![0].id}`
      await stop(here, '.map[data-ready=true] .post-marker')
      await page.locator('[data-test=post] .row button').first().click()
      await page.locator('.choices button').nth(1).click()
      await page.locator('.price.live').waitFor()
      equal(await violations(page), [], 'violations with a price')
      await stop(here + '&k.part=table', '[data-test=risk] tbody tr')
      await stop(here + '&k.part=order', '#authority')
      await stop(here + '&k.part=history', '.content tbody tr')
      const text = await page.locator('main').innerText()
      const foreign = lang === 'en' ? /Historique|Proposé|Poste/ : /History|Proposed|Post /
      truthy(!foreign.test(text), `another language in “${text.slice(0, 200)}”`)
    },
  })),
]
