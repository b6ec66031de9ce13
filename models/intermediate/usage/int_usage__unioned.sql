-- Every source's usage in one shape. A new source is one more line here.
with

unioned as (
    {{ union_usage([
        'spacelift',
        'databricks',
        'tecton',
        'infrasage',
        'metronome',
    ]) }}
)

select * from unioned
