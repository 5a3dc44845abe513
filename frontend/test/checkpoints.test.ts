import { describe, expect, it } from 'vitest'
import { fr } from '../src/i18n/fr'
import { nearest } from '../src/checkpoints/layers'
import { blank, clockOf, instantAt } from '../src/checkpoints/report'
import { problemsAt, requestOf, rowsOf, suggested, wrongWith } from '../src/checkpoints/request'
import { figure, hourOfWeek, places, points, ring, slotAt, slotHours, slotsOf, swing } from '../src/checkpoints/slots'
import { Unsent } from '../src/checkpoints/unsent.svelte'
import { orderWords } from '../src/checkpoints/words.order'
import type { Features, Options, Plan, Post, Request, SiteFeature } from '../src/checkpoints/types'
import { read, write } from '../src/lib/url'

const post = (id: string, slot: string): Post => ({
  id,
  unit: 'demo/1',
  team: 1,
  slot,
  site: 's',
  arrive: slot,
  leave: slot,
  travel_seconds: 60,
  held_minutes: 100,
  expected: 1,
  adds: 1,
  origin: 'proposed',
  locked: false,
})

describe('slots', () => {
  const plan = {
    posts: [
      post('p1', '2026-12-04T22:00:00+01:00'),
      post('p2', '2026-12-04T20:00:00+01:00'),
      post('p3', '2026-12-04T19:00:00Z'), // the same instant as p2
    ],
  } as Plan

  it('are sorted by time and hold what begins together', () => {
    const slots = slotsOf(plan)
    expect(slots.map(({ posts }) => posts.map(({ id }) => id))).toEqual([['p2', 'p3'], ['p1']])
    expect(slotAt(slots, '2026-12-04T21:00:00Z')?.posts[0].id).toBe('p1')
    expect(slotAt(slots, 'nonsense')).toBe(slots[0])
    expect(slotsOf(undefined)).toEqual([])
  })

  it.each([
    ['2026-11-30T00:00:00+01:00', 0], // a Monday
    ['2026-12-04T20:00:00+01:00', 4 * 24 + 20],
    ['2026-12-06T23:30:00+01:00', 6 * 24 + 23],
    ['2026-07-03T18:00:00Z', 4 * 24 + 20], // summer time
  ])('%s is hour %i of the week', (instant, hour) => expect(hourOfWeek(Date.parse(instant))).toBe(hour))

  it('say their hours in the time of the territory', () =>
    expect(slotHours(fr, Date.parse('2026-12-04T21:00:00Z'))).toBe('22 h–0 h'))
})

describe('figures', () => {
  it('keep three digits whatever their size', () => {
    expect(figure(fr, 0.0123456)).toBe('0,0123')
    expect(figure(fr, 12.3456)).toBe('12,3')
  })
  it('say a change in signed points', () => {
    expect(points(fr, -0.0123)).toBe('-1,2')
    expect(points(fr, 0.0001)).toBe('0')
    expect(swing(10, 1, 3)).toBeCloseTo(-0.2)
    expect(swing(0, 1, 3)).toBe(0)
  })
  it('say bits as places', () => {
    expect(places(3)).toBe(8)
    expect(places(0)).toBe(1)
  })
  it('draw a ring of so many metres', () => {
    const [[lon, lat], , ...rest] = ring([2, 48], 900)
    expect(lat).toBeCloseTo(48)
    expect((lon - 2) * 111_195 * Math.cos((48 * Math.PI) / 180)).toBeCloseTo(900, 6)
    expect(rest.at(-1)![0]).toBeCloseTo(lon)
  })
})

describe('the site under a post that is let go', () => {
  const site = (id: string, x: number, reachable = true) =>
    ({ geometry: { type: 'Point', coordinates: [x, 0] }, properties: { id, reachable } }) as SiteFeature
  const choices = { features: [site('a', 10), site('b', 30), site('c', 26, false)] } as Features<SiteFeature>
  const map = { project: ([x]: [number, number]) => ({ x, y: 0 }) } as unknown as Parameters<typeof nearest>[2]
  it.each([
    [18, 'a'],
    [25, 'b'],
    [500, undefined],
  ])('at %i is %s', (x, id) => expect(nearest(choices, [x, 0], map)?.properties.id).toBe(id))
})

describe('a report', () => {
  it.each([
    ['2026-12-04T20:10:00+01:00', '20:30', '2026-12-04T19:30:00Z'],
    ['2026-12-04T23:10:00+01:00', '01:15', '2026-12-05T00:15:00Z'],
    ['2026-12-05T00:10:00+01:00', '23:50', '2026-12-04T22:50:00Z'],
  ])('near %s reads %s as %s', (near, clock, want) => expect(instantAt(near, clock)).toBe(want))
  it('refuses what is no time', () => expect(instantAt('2026-12-04T20:10:00Z', '24:00')).toBeUndefined())
  it('begins with what was planned', () => {
    const empty = blank(post('p1', '2026-12-04T20:00:00+01:00'))
    expect(clockOf(empty.from)).toBe('20:00')
    expect(empty.checks + empty.positives.alcohol + empty.offences.other).toBe(0)
  })
  it('is kept until it is sent', () => {
    const unsent = new Unsent()
    const report = blank(post('p1', '2026-12-04T20:00:00+01:00'))
    unsent.keep('plan', 'p1', report)
    expect([unsent.waiting, unsent.of('plan', 'p1'), unsent.of('plan', 'p2')]).toEqual([1, report, undefined])
    unsent.sent('plan', 'p1')
    expect(unsent.waiting).toBe(0)
  })
})

describe('a request', () => {
  const options = {
    units: [
      { id: 'demo/1', name: 'B', on_network: true },
      { id: 'demo/2', name: 'A', on_network: true },
      { id: 'demo/3', name: 'C', on_network: false },
    ],
  } as Options
  const team = { unit: 'demo/1', teams: 2, slots: 2, earliest: 18, latest: 28 }
  const draft = {
    title: ' x ',
    areas: ['fr.1'],
    kind: 'alcohol',
    from: '2026-12-04',
    to: '2026-12-05',
    basis: 'L234-9',
  }

  it('offers every unit, those of the defaults ticked and first', () => {
    const rows = rowsOf(options, [team])
    expect(rows.map(({ unit, ticked, off }) => [unit, ticked, off])).toEqual([
      ['demo/1', true, false],
      ['demo/2', false, false],
      ['demo/3', false, true],
    ])
    const request = requestOf(draft as Request, rows)
    expect(request.teams).toEqual([team])
    expect(request.title).toBe('x')
    expect('since' in request).toBe(false)
  })

  it('ticks road police before brigades, and none that no road reaches', () => {
    const units = [
      { id: 'b', kind: 'gendarmerie.brigade', on_network: true },
      { id: 'm', kind: 'gendarmerie.motorised', on_network: true },
      { id: 'n', kind: 'gendarmerie.motorised', on_network: false },
    ]
    expect(suggested({ units } as Options).map(({ unit }) => unit)).toEqual(['m'])
    expect(suggested({ units: units.slice(0, 1) } as Options).map(({ unit }) => unit)).toEqual(['b'])
    expect(suggested({ units: null } as Options)).toEqual([])
  })

  it.each([
    [{}, []],
    [{ areas: [] }, ['areas']],
    [{ to: '2026-12-03' }, ['to']],
    [{ to: '2027-01-04' }, ['to']],
    [{ to: '2027-01-03' }, []], // 31 days
    [{ to: '' }, ['to']],
    [{ teams: [] }, ['teams']],
    [{ basis: '78-2-2' }, ['reference']],
    [{ basis: '78-2-2', reference: 'n° 1' }, []],
  ])('with %j is wrong at %j', (part, fields) => {
    const request = { ...draft, teams: [team], ...part } as Request
    const wrong = wrongWith(request, orderWords.fr.form, orderWords.en.form)
    expect(wrong.map(({ field }) => field)).toEqual(fields)
  })

  it('shows the problems of a field, and of what is in it', () => {
    const wrong = [{ field: 'teams.0.unit', fr: 'a', en: 'b' }]
    expect(problemsAt(wrong, 'teams.0', 'fr', true)).toEqual(['a'])
    expect(problemsAt(wrong, 'teams', 'en')).toEqual([])
  })
})

it('keeps what is open in the address', () => {
  const search = { plan: 'f0', slot: '2026-12-04T20:00:00+01:00', post: 'p3' }
  const link = { ...read('').link, view: 'checkpoints' as const, search }
  expect(read('?' + write(link))).toMatchObject({ link: { view: 'checkpoints', search }, problem: { ignored: [] } })
  expect(read('?v=1&view=checkpoints&k.account=x').problem.ignored).toEqual(['k.account'])
})
