-- Every source's usage in one shape, of every load that counts or was replaced by a newer file.
with

unioned as (
    {{ union_usage() }}
)

select * from unioned
