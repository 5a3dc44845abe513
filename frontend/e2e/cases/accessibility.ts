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
async function violations(page: Page): Promise<string[]> {
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
      await person.page.locator('.views button').last().click()
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
