import { equal, soon, truthy } from '../expect'
import type { Case } from '../harness'

export const live: Case[] = []
void [equal, soon, truthy]
