"""Write an archive for other programs: SQLite, Excel, and a folder of Markdown.

rows      the tables that SQLite and Excel hold: articles, versions, changes
sqlite    a database with full-text search, as Datasette and sqlite-utils read it
xlsx      a workbook
markdown  a folder with a file for each article, for git and static-site tools
beside    write beside the target and rename at the end
"""
