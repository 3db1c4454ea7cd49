/** The commands of the ticket on the screen, for the palette; empty elsewhere. */
import { shallowRef } from 'vue'

export interface TicketCommand {
  id: string
  label: string
  run: () => void
}

export const ticketCommands = shallowRef<TicketCommand[]>([])
