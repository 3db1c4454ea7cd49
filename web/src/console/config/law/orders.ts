/** Orders to many clocks at once: previewed, given as a job, and followed until the job is done. */
import { useQuery } from '@tanstack/vue-query'
import type { Apply, ExcuseTime, LawJobShown, LawPreview } from '@/api/generated'
import { ask } from '@/shared/ask'
import { desk, keys } from '../../desk'

export type LawOrder = Apply | ExcuseTime

export const jobKeys = { all: ['law-jobs'] as const }

export const previewOrder = (body: LawOrder) => ask<LawPreview>('POST', '/law/preview', { body })

export async function giveOrder(body: LawOrder): Promise<LawJobShown> {
  const job = await ask<LawJobShown>('POST', '/law/jobs', { body })
  void desk.invalidateQueries({ queryKey: jobKeys.all })
  void desk.invalidateQueries({ queryKey: keys.lists })
  return job
}

/** Asked again every second while one is running. */
export const useJobs = () =>
  useQuery({
    queryKey: jobKeys.all,
    queryFn: () => ask<LawJobShown[]>('GET', '/law/jobs'),
    refetchInterval: (query) =>
      query.state.data?.some((one) => one.state === 'running') ? 1_000 : false,
  })
