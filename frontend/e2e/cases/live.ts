import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'
import type { Server } from '../server'
import { digits } from '../person'

const mapping = `name: live
title: Essai
publisher: Vigie
licence: CC0
ref: {columns: [ref]}
time:
  zone: Europe/Paris
  start: {columns: [at], formats: ["YYYY-MM-DD HH:mm"]}
position: {lon: lon, lat: lat}
category: {constant: vehicle.theft}
`

/** Imports a file of our own: one theft per reference, all at one place. */
function importThefts(vigie: NonNullable<Server['vigie']>, lon: number, lat: number, refs: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-live-'))
  const [rules, file] = [join(folder, 'live.yaml'), join(folder, 'live.csv')]
  writeFileSync(rules, mapping)
  writeFileSync(file, ['ref,at,lon,lat', ...refs.map((ref) => `${ref},2024-03-05 08:15,${lon},${lat}`), ''].join('\n'))
  try {
    vigie(['import', 'csv', '--mapping', rules, file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const live: Case[] = [
  {
    name: 'live: an import appears on the open map without a reload, and says so',
    run: async (person, server) => {
      if (!server.vigie) return // another machine's data are not ours to change
      const { page } = person
      await person.open()
      const before = await person.total()
      const cell = await person.fullest()
      await page.evaluate(() => Object.assign(window, { stayed: true }))
      importThefts(server.vigie, cell.lon, cell.lat, ['a', 'b', 'c'])
      await soon(
        () => person.total(),
        (total) => total === before + 3,
        `the total, ${before + 3}`,
      )
      const underMouse = async () => {
        await page.mouse.move(cell.x - 3, cell.y)
        await page.mouse.move(cell.x, cell.y)
        return digits(await page.locator('.tip').innerText())
      }
      await soon(underMouse, (count) => count === (cell.count ?? 0) + 3, `hexagon ${cell.h3}, ${cell.count} and 3`)
      equal(await page.evaluate(() => 'stayed' in window), true, 'the page is the same')
      const status = () => page.locator('footer').innerText()
      await soon(status, (text) => /Import|Nouvelles/.test(text), 'the status line')
      if (!(await person.meta()).synthetic) return
      await page.locator('.trust .badge', { hasText: 'Données fictives' }).waitFor()
      await person.open('?v=1&src=live')
      equal(await person.total(), 3, 'the events of the import')
      const marks = () => page.locator('.trust .badge').count()
      await soon(marks, (n) => n === 0, 'marks of made-up data over real events')
    },
  },
  {
    name: 'live: a lost server is said in words, and the page recovers',
    expected: /ERR_|Failed to load|EventSource/,
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const problem = page.locator('.headline .problem')
      await page.context().setOffline(true)
      await person.button('30 jours').click()
      await problem.waitFor()
      await page.context().setOffline(false)
      await problem.getByRole('button').click()
      await soon(
        () => problem.count(),
        (n) => n === 0,
        'the problem after trying again',
      )
      truthy((await person.total()) > 0, 'the total')
    },
  },
]
