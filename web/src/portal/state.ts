/** How a ticket stands, as the code of one sentence. */
import type { Progress } from './wire'

export function sayState(progress: Progress): string {
  const nobody = progress.assignee ? '' : 'Nobody'
  if (progress.closed_at) return 'progress.state.closed'
  switch (progress.public_step) {
    case 1:
      return 'progress.state.received'
    case 2:
      if (progress.awaits_you) return 'progress.state.awaits'
      return `progress.state.working${nobody}`
    case 3:
      return `progress.state.resolved${nobody}`
    default:
      return 'progress.state.over'
  }
}
