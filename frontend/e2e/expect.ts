// The few assertions that the cases need, with messages that say what was found.

export function equal<T>(got: T, want: T, what: string) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)]
  if (a !== b) throw new Error(`${what}: got ${a}, want ${b}`)
}

export function truthy(value: unknown, what: string) {
  if (!value) throw new Error(`${what}: got ${JSON.stringify(value)}`)
}

/** Waits until the value is right; says the last one when it never is. */
export async function soon<T>(read: () => Promise<T> | T, right: (value: T) => boolean, what: string, ms = 10_000) {
  const limit = Date.now() + ms
  let value = await read()
  while (!right(value)) {
    if (Date.now() > limit) throw new Error(`${what}: still ${JSON.stringify(value)} after ${ms / 1000} s`)
    await new Promise((later) => setTimeout(later, 50))
    value = await read()
  }
  return value
}
