/** The list that a ticket was opened from, so that j and k walk on inside the ticket page. */
import { ref } from 'vue'

export const walk = ref<{ numbers: number[]; back: string }>({ numbers: [], back: '' })

export function neighbour(number: number, step: 1 | -1): number | null {
  const place = walk.value.numbers.indexOf(number)
  return place < 0 ? null : (walk.value.numbers[place + step] ?? null)
}
