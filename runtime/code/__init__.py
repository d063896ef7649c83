"""Hot code upgrade: `node.code` replaces modules under running processes, as one transaction that can be undone.

node.code ── plan ──> draft: read, compile, execute aside ──> compare, check, migrate copies ──> Plan
          ── apply ─> doors ──> prepare (slices) ──> commit (one moment) ──> sweep (slices) ──> Upgrade
          ── rollback: the same, backwards

upgrades     `node.code`: what hosts and consoles call          records      plans and histories, as plain data
versions     which source a module runs; whether it is stale    source       reading, compiling, comparing
sealed       executing modules without anybody seeing them      draft        the two versions side by side
affected     who runs a module's code                           contract     whether the new code keeps its promises
cautions     what nobody can undo or follow                     schema, translation    values, from class to class
migration    one process's state and mailbox                    doors        how a process is met between two messages
transaction  all or nothing                                     coroutines, supervisors, guard
boundaries   where the old code has let a process go            needed       who is not held yet, since a step needs an answer
parts        the OS processes of isolated processes take part   inside       their half of it
lent         isolated processes import what the node runs          unbroken     work that ends only with the node
"""
