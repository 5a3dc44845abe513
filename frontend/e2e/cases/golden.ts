// Golden screenshots of fixed scenes. Identical on one kind of machine; between machines the edges of text and hexagons
// may differ by a shade, so a pixel counts as different only beyond a tolerance. `npm run bless` renews them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { PNG } from 'pngjs'
import { desktop, tablet, type Case } from '../harness'
import type { Person } from '../person'

const folder = 'e2e/golden/'
const shade = 32 // of 255, per channel
const share = 0.004 // of the pixels

/** Share of the pixels that differ, and a picture of where. */
function compare(got: PNG, want: PNG): { share: number; picture: PNG } {
  const picture = new PNG({ width: got.width, height: got.height })
  let different = 0
  for (let i = 0; i < got.data.length; i += 4) {
    const far = [0, 1, 2].some((channel) => Math.abs(got.data[i + channel] - want.data[i + channel]) > shade)
    if (far) different++
    picture.data.set(far ? [255, 0, 0, 255] : [got.data[i], got.data[i + 1], got.data[i + 2], 60], i)
  }
  return { share: different / (got.data.length / 4), picture }
}

async function check(person: Person, name: string) {
  await person.page.mouse.move(2, 2)
  await person.settled()
  await person.page.evaluate(() => document.fonts.ready)
  await person.page.waitForTimeout(400)
  const body = await person.page.screenshot({ animations: 'disabled', caret: 'hide' })
  const file = `${folder}${name}.png`
  if (process.env.BLESS) {
    writeFileSync(file, body)
    return
  }
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run bless`)
  const [got, want] = [PNG.sync.read(body), PNG.sync.read(readFileSync(file))]
  if (got.width !== want.width || got.height !== want.height) throw new Error(`${file}: another size`)
  const result = compare(got, want)
  if (result.share <= share) return
  writeFileSync(`test-results/${name}-got.png`, body)
  writeFileSync(`test-results/${name}-difference.png`, PNG.sync.write(result.picture))
  throw new Error(`${name}: ${(result.share * 100).toFixed(2)} % of the pixels differ, see frontend/test-results`)
}

export const golden: Case[] = [
  {
    name: 'golden: small counts on the map',
    as: 'analyst',
    context: desktop,
    run: async (person) => {
      await person.open('?v=1&theme=day&z=9.3&c=-6.40000,46.49000&cat=vehicle.theft')
      await check(person, 'guard-day')
    },
  },
  {
    name: 'golden: hours for fingers',
    context: tablet,
    run: async (person) => {
      await person.open('?v=1&theme=night&hours=112-115,136-139')
      await person.settled()
      await person.button('Heures et jours').click()
      await check(person, 'fingers-night')
    },
  },
  {
    name: 'golden: log-in',
    anonymous: true,
    run: async (person) => {
      await person.open()
      await person.page.locator('form').waitFor()
      await person.page.evaluate(() => document.fonts.ready)
      await person.page.locator('form').waitFor()
      await checkStill(person, 'login')
    },
  },
  {
    name: 'golden: map by day',
    context: desktop,
    run: async (person) => {
      await person.open('?v=1&theme=day')
      await check(person, 'map-day')
    },
  },
  {
    name: 'golden: filters and profile by night, in English',
    context: desktop,
    run: async (person) => {
      await person.open('?v=1&theme=night&lang=en&hours=7-9,31-33,55-57,79-81,103-105')
      await person.settled()
      const cell = await person.fullest()
      await person.page.mouse.click(cell.x, cell.y)
      await person.page.locator('.profile ol').waitFor()
      await check(person, 'profile-night')
    },
  },
  {
    name: 'golden: table',
    context: desktop,
    run: async (person) => {
      await person.open('?v=1&theme=day&view=areas')
      await person.page.locator('.table tbody tr').first().waitFor()
      await check(person, 'table-day')
    },
  },
  {
    name: 'golden: tablet',
    context: tablet,
    run: async (person) => {
      await person.open('?v=1&theme=day')
      await check(person, 'tablet-day')
    },
  },
]

/** A page without a map. */
async function checkStill(person: Person, name: string) {
  const settled = person.settled
  person.settled = async () => undefined
  await check(person, name)
  person.settled = settled
}
