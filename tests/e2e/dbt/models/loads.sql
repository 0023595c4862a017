{{ config(materialized='incremental') }}
SELECT count(*) AS nations FROM {{ ref('nations') }}
