/** How long a token can live, in seconds, the skew of clocks included. */
const LONGEST_LIFE = 3660

/**
 * Tells of what was ended before there were changes, by which nodes and guards know of what is dead.
 *
 * @param now the expression for the time, in epoch seconds.
 * @param nothing the expression for a number that is not there.
 */
export function tellEndedBefore(now: string, nothing: string): readonly string[] {
  return [
    `insert into changes (revision, kind, subject, generation, at, expires_at)
      select row_number() over (order by kind, subject), kind, subject, generation, ${now}, expires_at
      from (
        select 'token' as kind, token_id as subject, ${nothing} as generation, expires_at from revoked_tokens
        union all
        select 'key', key_id, generation, ${now} + ${LONGEST_LIFE} from api_keys where key_id in (
          select subject from audit
          where at > ${now} - ${LONGEST_LIFE} and action in ('key.revoke', 'key.disable', 'key.rotate')
        )
      ) as ended
      where expires_at > ${now}`,
    'update change_head set revision = (select count(*) from changes)',
  ]
}
