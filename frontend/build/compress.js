// Writes the .br and .gz twin of every text asset of dist/ that shrinks, so that the server never compresses them;
// prints what a visit weighs and fails beyond the budgets below. dist/.keep, which Go needs before the first build, comes
// from public/.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** In kB. Own code is all but the map library and Svelte; the first load is all that the map of a commander needs. */
const budgets = { 'first load, own code, gzip': 45, 'first load, all, brotli': 460 }

/**
 * In kB, for all that one room may load on demand. Each room has its own: who works in one waits for that one only, and a
 * new room must not be paid for by the others. A room is a folder of src; what several share counts in each. The checkpoints
 * are seven screens, loaded one by one: their first takes about 25. The forecasts are nine, in two languages: their first
 * takes about 20, and a commander who looks at the map loads neither the stations nor the patrols.
 */
const roomBudget = 45
const roomBudgets = { checkpoints: 75, forecasts: 75 }

/** What the first screen needs although it is imported when the page runs. */
const first = ['index.html', 'src/Workbench.svelte']

const root = new URL('../dist/', import.meta.url).pathname
const compressible = /\.(js|mjs|css|html|svg|json|webmanifest)$/
const manifest = JSON.parse(readFileSync(join(root, '.vite/manifest.json'), 'utf8'))
rmSync(join(root, '.vite'), { recursive: true })

/** The files that a chunk needs before it runs: its own, its styles, and those of what it imports. */
function needs(key, files = new Set()) {
  const chunk = manifest[key]
  if (!chunk) throw new Error(`the manifest has no ${key}`)
  if (files.has(chunk.file)) return files
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file)
  for (const other of chunk.imports ?? []) needs(other, files)
  return files
}

/** The files of each room, by the folder of the parts that are imported when the page runs. */
const rooms = new Map()
for (const [key, { isDynamicEntry }] of Object.entries(manifest)) {
  const folder = /^src\/([^/]+)\//.exec(key)?.[1]
  if (!isDynamicEntry || !folder) continue
  const files = rooms.get(folder) ?? rooms.set(folder, new Set()).get(folder)
  for (const file of needs(key)) files.add(file)
}

const early = new Set(['index.html', ...first.flatMap((key) => [...needs(key)])])
const table = []

for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
  const path = join(root, name)
  if (!statSync(path).isFile() || /\.(br|gz|keep)$/.test(name)) continue
  const body = readFileSync(path)
  const row = { name, early: early.has(name), gzip: body.length, brotli: body.length }
  if (compressible.test(name) && body.length > 512) {
    const gzip = gzipSync(body, { level: 9 })
    const brotli = brotliCompressSync(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 22,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    })
    writeFileSync(path + '.gz', gzip)
    writeFileSync(path + '.br', brotli)
    row.gzip = gzip.length
    row.brotli = brotli.length
  }
  table.push(row)
}

const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(8)
for (const when of [true, false]) {
  console.log(when ? 'first load' : 'on demand')
  for (const row of table.filter((row) => row.early === when)) {
    console.log(`${kB(row.gzip)} kB gzip ${kB(row.brotli)} kB brotli  ${row.name}`)
  }
}
const sum = (rows, key) => rows.reduce((total, row) => total + row[key], 0)
const own = (row) => /\.(js|css)$/.test(row.name) && !/maplibre|svelte-/.test(row.name)
const atFirst = table.filter((row) => row.early)
const weights = {
  'first load, own code, gzip': sum(atFirst.filter(own), 'gzip'),
  'first load, all, brotli': sum(atFirst, 'brotli'),
}
for (const [folder, files] of rooms) {
  const name = `${folder}, on demand, own code, gzip`
  budgets[name] = roomBudgets[folder] ?? roomBudget
  weights[name] = sum(
    table.filter((row) => !row.early && own(row) && files.has(row.name)),
    'gzip',
  )
}
let over = false
for (const [name, bytes] of Object.entries(weights)) {
  const heavy = bytes > budgets[name] * 1000
  over ||= heavy
  console.log(`${kB(bytes)} of ${budgets[name]} kB  ${name}${heavy ? ': OVER BUDGET' : ''}`)
}
if (over) process.exit(1)
