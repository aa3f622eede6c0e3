#!/bin/sh
# Crawl every site that has a due edition, four sites at a time. A site is one host, which one job asks.
# From cron, with the paths of your machine:
#   17 6 * * * cd /opt/helpscraper && HELPSCRAPER_ARCHIVE=output sh crawl-due.sh >> crawl.log 2>&1 || tail -n 200 crawl.log
# Exit codes: 0 all was committed or nothing was due, 75 the run before is still at work, 123 look at the tables.
set -eu

# Only one of this script at a time, or two runs would ask one host at once.
exec 9> crawl-due.lock
flock --nonblock 9 || exit 75

due=$(helpscraper due --format csv)
# The first column is the site, in quotation marks.
printf '%s\n' "$due" | tail -n +2 | cut -d '"' -f 2 | sort -u |
    xargs --no-run-if-empty --max-procs 4 --replace=SITE helpscraper crawl --due -a site=SITE "$@"
