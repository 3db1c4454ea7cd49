/** The sections of 派单与时效, grouped as they are thought of. */
import { Building2, CalendarClock, CalendarDays, CircleDot, FlaskConical, Gauge, Grid3x3, History, Layers2, ListTree, MapPin, Sparkles, Timer, TimerOff, TrendingUp, Webhook } from '@lucide/vue'
import { type Component, defineAsyncComponent } from 'vue'
import SectionBones from './parts/SectionBones.vue'

const SOURCES = {
  policies: { icon: Gauge, page: () => import('./policies/PoliciesSection.vue') },
  calendars: { icon: CalendarDays, page: () => import('./calendars/CalendarsSection.vue') },
  ladders: { icon: TrendingUp, page: () => import('./ladders/LaddersSection.vue') },
  metrics: { icon: Timer, page: () => import('./metrics/MetricsSection.vue') },
  jobs: { icon: TimerOff, page: () => import('./law/JobsSection.vue') },
  rules: { icon: ListTree, page: () => import('./rules/RulesSection.vue') },
  queues: { icon: Layers2, page: () => import('./queues/QueuesSection.vue') },
  matrix: { icon: Grid3x3, page: () => import('./matrix/MatrixSection.vue') },
  stores: { icon: MapPin, page: () => import('./stores/StoresSection.vue') },
  rosters: { icon: CalendarClock, page: () => import('./rosters/RostersSection.vue') },
  statuses: { icon: CircleDot, page: () => import('./statuses/StatusesSection.vue') },
  webhooks: { icon: Webhook, page: () => import('./webhooks/WebhooksSection.vue') },
  skills: { icon: Sparkles, page: () => import('./skills/SkillsSection.vue') },
  dryrun: { icon: FlaskConical, page: () => import('./dryrun/DryRunSection.vue') },
  replay: { icon: History, page: () => import('./replay/ReplaySection.vue') },
  profile: { icon: Building2, page: () => import('./profile/ProfileSection.vue') },
}

export type Section = keyof typeof SOURCES

export const GROUPS: { id: string; sections: Section[] }[] = [
  { id: 'time', sections: ['policies', 'calendars', 'ladders', 'metrics', 'jobs'] },
  { id: 'route', sections: ['rules', 'queues', 'matrix', 'stores'] },
  { id: 'people', sections: ['rosters', 'skills'] },
  { id: 'try', sections: ['dryrun', 'replay'] },
  { id: 'firm', sections: ['profile', 'statuses', 'webhooks'] },
]

export const SECTIONS = Object.fromEntries(
  Object.entries(SOURCES).map(([id, { icon, page }]) => [
    id,
    {
        icon,
        page: defineAsyncComponent({
          loader: page as () => Promise<{ default: Component }>,
          loadingComponent: SectionBones,
          delay: 80,
        }),
      },
  ]),
) as unknown as Record<Section, { icon: Component; page: Component }>

export const isSection = (name: unknown): name is Section =>
  typeof name === 'string' && name in SOURCES
