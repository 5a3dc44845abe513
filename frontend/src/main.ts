// Entry: one stylesheet, one state, one component.
import { mount } from 'svelte'
import './theme.css'
import Root from './Root.svelte'
import { App } from './lib/app.svelte'

const app = new App()
mount(Root, { target: document.getElementById('app') as HTMLElement, props: { app } })
void app.start()
