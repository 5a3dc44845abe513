import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { equal } from '../expect'
import { tablet, type Case } from '../harness'
import type { Person } from '../person'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  id: string
  help: string
  nodes: { target: unknown; failureSummary?: string }[]
}

/** Every rule of axe but none of its experiments. The script goes in by the debugger: the page's policy stays as it is. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } }
    return (await axe.run()).violations
  })
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${JSON.stringify(target)} ${failureSummary ?? ''}`),
  )
}

/** One walk through the page, with a check at every stop. */
const stops: [string, (person: Person) => Promise<void>][] = [
  ['map', async () => undefined],
  [
    'search',
    async (person) => {
      await person.page.getByRole('combobox').fill('va')
      await person.page.getByRole('option').first().waitFor()
    },
  ],
  [
    'filters',
    async (person) => {
      await person.page.keyboard.press('Escape')
      await person.page.locator('.side label').first().click()
      await person.page.locator('[data-at="2,-1"]').click()
    },
  ],
  [
    'sources and table',
    async (person) => {
      await person.page.locator('.sources summary').click()
      await person.page.locator('.views button').nth(1).click()
      await person.page.locator('.table tbody tr').first().waitFor()
    },
  ],
  [
    'profile',
    async (person) => {
      await person.page.locator('.table tbody button').first().click()
      await person.page.locator('.profile ol').waitFor()
      await person.page.locator('.views button').first().click()
    },
  ],
  [
    'units and account',
    async (person) => {
      await person.page.locator('.views button').nth(1).click()
      await person.page.locator('.table .controls button').nth(2).click()
      await person.page.locator('.table tbody th button').first().waitFor()
      await person.page.locator('.account > button').click()
    },
  ],
  [
    'sessions',
    async (person) => {
      await person.page.locator('#account button').first().click()
      await person.page.locator('dialog li').first().waitFor()
    },
  ],
  ['link problem', async (person) => person.open('?v=3&hours=x' + new URL(person.page.url()).search.replace('?', '&'))],
]

const looks = ['fr', 'en'].flatMap((lang) => ['day', 'night'].map((theme) => ({ lang, theme })))

export const accessibility: Case[] = looks.flatMap(({ lang, theme }): Case[] => [
  {
    name: `accessibility: log-in, ${lang}, ${theme}`,
    anonymous: true,
    run: async (person) => {
      await person.open(`?v=1&lang=${lang}&theme=${theme}`)
      await person.page.locator('form').waitFor()
      equal(await violations(person.page), [], 'violations')
      await person.page.locator('button[type=submit]').click()
      equal(await violations(person.page), [], 'violations with an error')
    },
  },
  {
    name: `accessibility: desktop, ${lang}, ${theme}`,
    run: async (person) => {
      await person.open(`?v=1&lang=${lang}&theme=${theme}`)
      for (const [name, go] of stops) {
        await person.settled()
        await go(person)
        await person.settled()
        equal(await violations(person.page), [], `violations at ${name}`)
      }
    },
  },
  {
    name: `accessibility: journal, ${lang}, ${theme}`,
    as: 'auditor',
    run: async (person) => {
      const { page } = person
      await person.open(`?v=1&view=journal&j.entry=1&lang=${lang}&theme=${theme}`)
      await page.locator('.entry dl').waitFor()
      await page.locator('tbody button').first().waitFor()
      await page.locator('.search summary').click()
      await page.locator('.chain summary').click()
      await page.locator('.verify button').click()
      await page.locator('[data-test=verification]').waitFor()
      equal(await violations(page), [], 'violations')
      await page.locator('.bar > button').last().click()
      await page.locator('dialog button[type=submit]').click()
      await page.locator('dialog [role=alert]').waitFor()
      equal(await violations(page), [], 'violations in the question for the reason')
    },
  },
  {
    name: `accessibility: tablet, ${lang}, ${theme}`,
    context: tablet,
    run: async (person) => {
      await person.open(`?v=1&lang=${lang}&theme=${theme}`)
      await person.settled()
      equal(await violations(person.page), [], 'violations')
      await person.page.locator('.tabs button').last().click()
      await person.page.locator('button.filters').click()
      equal(await violations(person.page), [], 'violations with the drawer and the hours')
    },
  },
])

// Both languages and both themes, each once.
for (const [lang, theme] of [
  ['fr', 'night'],
  ['en', 'day'],
]) {
  accessibility.push({
    name: `accessibility: small counts, ${lang}, ${theme}`,
    as: 'analyst',
    run: async (person) => {
      await person.open(`?v=1&z=9.3&c=-6.40000,46.49000&cat=vehicle.theft&lang=${lang}&theme=${theme}`)
      await person.settled()
      equal(await violations(person.page), [], 'violations on the map')
      await person.page.locator('.views button').nth(1).click()
      await person.page.locator('.table tbody button').last().click()
      await person.page.locator('[data-test=profile-total]').waitFor()
      await person.settled()
      equal(await violations(person.page), [], 'violations with the table and a profile')
    },
  })
}
