"""The WARC format; knows no archive.

stream    bytes, member by member, past damage
reader    the records of one file, or one record by its offset
headers   the headers of a record or an HTTP message
formats   files of other formats, and what to do with them
record    the fields of one record, its digests and its page
build     an exchange of request and response as WARC 1.1 records
"""
