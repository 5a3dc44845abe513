import { describe, expect, it } from 'vitest'
import { emptyFilter } from '../src/lib/filter'
import { emptyLink, read, write, type Link } from '../src/lib/url'

const full: Link = {
  camera: { zoom: 10.25, lon: 1.44321, lat: 43.60456 },
  filter: {
    period: { from: '2023-07-01', to: '2023-07-31' },
    hours: new Set([8, 9, 10, 33]),
    category: ['road.accident', 'vehicle.theft'],
    severity: ['fatal'],
    source: ['baac'],
    area: ['fr.76.31.31555'],
    attributes: { light: ['day', 'nuit sans éclairage'] },
  },
  cell: '883960a001fffff',
  view: 'cells',
  search: {},
  lang: 'en',
  theme: 'night',
}

it('restores everything', () => {
  const { link, problem } = read('?' + write(full))
  expect(link).toEqual(full)
  expect(problem).toEqual({ ignored: [] })
})

it('is empty for the first screen', () => {
  expect(write(emptyLink())).toBe('')
  expect(read('').link).toEqual(emptyLink())
})

it('says its version', () => expect(write(full)).toMatch(/^v=1&/))

describe('a link that is old or broken', () => {
  it.each([
    ['v=1&hours=8-200', ['hours']],
    ['v=1&from=2023-13-01&to=2023-12-01', ['from']],
    ['v=1&from=2023-12-02&to=2023-12-01', ['from']],
    ['v=1&from=2023-12-02', ['from']],
    ['v=1&z=99&c=1,2', ['c']],
    ['v=1&c=1,2', ['c']],
    ['v=1&z=5&c=abc', ['c']],
    ['v=1&cell=zzz', ['cell']],
    ['v=1&view=globe&lang=de&theme=pink', ['view', 'lang', 'theme']],
    ['v=1&layer=forecast', ['layer']],
    ["v=1&cat=';drop table event", ['cat']],
  ])('%s', (query, ignored) => {
    const { link, problem } = read('?' + query)
    expect(problem).toEqual({ ignored })
    expect(link.filter).toEqual(emptyFilter())
    expect(link.camera).toBeUndefined()
  })

  it('of another version is named', () => {
    expect(read('?v=7&cat=road.accident')).toMatchObject({
      link: { filter: { category: ['road.accident'] } },
      problem: { version: '7' },
    })
  })
})

describe('the journal in the address', () => {
  const search = { account: 'durand', outcome: '403', from: '2026-11-01', entry: '12' }
  it('is kept with its view, and not with others', () => {
    const link: Link = { ...emptyLink(), view: 'journal', search }
    expect(write(link)).toBe('v=1&view=journal&j.account=durand&j.outcome=403&j.from=2026-11-01&j.entry=12')
    expect(read('?' + write(link)).link).toEqual(link)
    expect(write({ ...link, view: 'map' })).toBe('')
  })
  it('refuses what it does not know', () => {
    const { link, problem } = read('?v=1&view=journal&j.password=x&j.account=' + 'a'.repeat(201))
    expect(link.search).toEqual({})
    expect(problem.ignored).toEqual(['j.password', 'j.account'])
  })
})

describe('the page that comes after the log-in', () => {
  it.each([
    ['/ogc/collections?f=html', '/ogc/collections?f=html'],
    ['/', undefined],
    ['', undefined],
    ['//evil.example', undefined],
    ['/\\evil.example', undefined],
    ['/a\\b', undefined],
    ['https://evil.example', undefined],
    ['javascript:alert(1)', undefined],
    ['/ evil', undefined],
  ])('%s', (next, want) => expect(read('?next=' + encodeURIComponent(next)).next).toBe(want))
})
