{{ config(materialized='view') }}
SELECT regionkey, count(*) AS nations FROM {{ ref('nations') }} GROUP BY regionkey
