"""Google's shapes: dataLayer pushes (`gtm`), the Measurement Protocol (`ga4`) and stape's server side (`stape`).

All three carry GA4's e-commerce events, so all three read them by one mapping: `commerce`.
"""
