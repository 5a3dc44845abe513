import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'

export const time: Case[] = [
  {
    name: 'time: the brush moves the map without a request, then the figures follow',
    run: async (person) => {
      const { page } = person
      await person.open()
      const all = await person.total()
      const track = await person.box(page.locator('.track'))
      const requests: string[] = []
      page.on('request', (request) => requests.push(new URL(request.url()).pathname))
      const y = track.y + 30
      await page.mouse.move(track.x + track.width * 0.3, y)
      await page.mouse.down()
      await page.mouse.move(track.x + track.width * 0.5, y, { steps: 12 })
      const text = () => page.locator('[data-test=total]').innerText()
      const during = await text()
      equal(requests, [], 'requests while the brush moves')
      await page.mouse.up()
      await soon(
        () => requests.length,
        (n) => n > 0,
        'requests after',
      )
      const after = await person.total()
      truthy(after < all && after > 0, `total ${after} of ${all}`)
      const near = Math.abs(after - Number(during.replace(/\D/g, ''))) / after
      truthy(near < 0.02, `live total ${during}, exact ${after}`)
      const query = person.query()
      const next = new Date(Date.parse(query.get('to') + 'T00:00:00Z') + 86_400_000).toISOString().slice(0, 10)
      const want = await person.summary({ from: query.get('from') ?? '', to: next })
      equal(after, want.total, 'the total of the brushed period')
    },
  },
  {
    name: 'time: the handles and the window answer to the keyboard',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const end = page.getByRole('slider', { name: 'Fin de la période' })
      await end.focus()
      for (let i = 0; i < 5; i++) await page.keyboard.press('PageDown')
      await soon(() => person.query().get('to'), Boolean, 'the period in the address')
      const before = person.query().get('to') ?? ''
      await page.keyboard.press('ArrowRight')
      await soon(
        () => person.query().get('to') ?? '',
        (to) => to > before,
        'the end after →',
      )
      const from = person.query().get('from') ?? ''
      await page.getByRole('slider', { name: 'Déplacer la période' }).focus()
      await page.keyboard.press('ArrowRight')
      await soon(
        () => person.query().get('from') ?? '',
        (value) => value > from,
        'the start after moving',
      )
    },
  },
  {
    name: 'time: dates and shortcuts do the same without dragging, to the day',
    run: async (person) => {
      const { page } = person
      await person.open()
      await person.settled()
      const [from, to] = [page.locator('input[type=date]').first(), page.locator('input[type=date]').last()]
      const last = await to.inputValue()
      await person.button('30 jours').click()
      await soon(
        () => from.inputValue(),
        (value) => value > '2000' && value < last,
        'the start of the last 30 days',
      )
      const day = (text: string, n: number) => new Date(Date.parse(text) + n * 86_400_000).toISOString().slice(0, 10)
      equal(await from.inputValue(), day(last, -29), 'the first of 30 days')
      await from.fill(day(last, -400))
      await to.fill(day(last, -201))
      await to.press('Tab')
      await soon(
        () => person.query().get('to'),
        (value) => value === day(last, -201),
        'the end in the address',
      )
      const want = await person.summary({ from: day(last, -400), to: day(last, -200) })
      await soon(
        () => person.total(),
        (total) => total === want.total,
        `the total, ${want.total}`,
      )
      // The map agrees with the figures although the days fall inside its bins.
      const cell = await person.fullest({ from: day(last, -400), to: day(last, -200) })
      await page.mouse.move(cell.x - 2, cell.y)
      await page.mouse.move(cell.x, cell.y)
      await soon(
        async () => (await page.locator('.tip').innerText()).replace(/\D/g, ''),
        (text) => text === String(cell.count),
        `hexagon ${cell.h3}, ${cell.count}`,
      )
      await to.fill(day(last, -500))
      await to.press('Tab')
      await page.getByText('La date de fin précède').waitFor()
      await person.button('Tout').first().waitFor()
    },
  },
]
